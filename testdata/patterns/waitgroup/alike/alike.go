// Package alike waits for a worker that waits itself.
package alike

import (
	"sync"
)

// Check checks all names, and reports when it is done.
func Check(names []string, checks chan string, done func()) {
	var wg sync.WaitGroup
	for _, name := range names {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if name == "" {
				return
			}
			checks <- name
		}()
	}
	go func() {
		wg.Wait()
		done()
	}()
}
