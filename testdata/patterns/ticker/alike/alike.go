// Package alike does something in turns until it is told to stop.
package alike

import (
	"time"
)

// Poll calls a function in turns until done is closed.
func Poll(every time.Duration, done <-chan struct{}, poll func()) {
	ticker := time.NewTicker(every)
	go func() {
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				poll()
			case <-done:
				return
			}
		}
	}()
}
