// Package alike has a loop that ends when a channel is closed, which the test forgets.
package alike

// Queue runs functions one after another.
type Queue struct {
	functions chan func()
	done      chan struct{}
}

// New starts a Queue.
func New() *Queue {
	q := &Queue{functions: make(chan func()), done: make(chan struct{})}
	go q.run()
	return q
}

// Stop ends it.
func (q *Queue) Stop() { close(q.done) }

func (q *Queue) run() {
	for {
		select {
		case f := <-q.functions:
			f()
		case <-q.done:
			return
		}
	}
}
