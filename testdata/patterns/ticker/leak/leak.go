// Package leak does something in turns for ever.
package leak

import (
	"time"
)

// Poll calls a function in turns.
func Poll(every time.Duration, poll func()) {
	ticker := time.NewTicker(every)
	go func() {
		for range ticker.C {
			poll()
		}
	}()
}
