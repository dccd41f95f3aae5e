// Package lib has a logger. The last element of its import path holds a dot,
// which function names show as %2e.
package lib

// A Logger writes its lines in the background.
type Logger struct {
	lines chan string
}

// New returns a logger, which runs until Close is called.
func New() *Logger {
	l := &Logger{lines: make(chan string)}
	go l.run()
	return l
}

func (l *Logger) run() {
	written := 0
	for line := range l.lines {
		written += len(line)
	}
}

// Log hands one line to the logger.
func (l *Logger) Log(line string) {
	l.lines <- line
}

// Close ends the logger.
func (l *Logger) Close() {
	close(l.lines)
}
