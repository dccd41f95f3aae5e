// Package leak waits for a worker that returned without Done.
package leak

import (
	"sync"
	"time"
)

// Check checks all names, and reports when it is done.
func Check(names []string, done func()) {
	var wg sync.WaitGroup
	for _, name := range names {
		wg.Add(1)
		go func() {
			if name == "" {
				return
			}
			time.Sleep(time.Millisecond)
			wg.Done()
		}()
	}
	go func() {
		wg.Wait()
		done()
	}()
}
