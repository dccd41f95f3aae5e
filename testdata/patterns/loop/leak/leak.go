// Package leak has a loop with no way out.
package leak

import (
	"time"
)

// Queue runs functions one after another.
type Queue struct{ functions chan func() }

// New starts a Queue.
func New() *Queue {
	q := &Queue{functions: make(chan func())}
	go q.run()
	return q
}

func (q *Queue) run() {
	for {
		select {
		case f := <-q.functions:
			f()
		case <-time.After(time.Hour):
			continue
		}
	}
}
