// Package parallel leaks in two of its parallel tests, one of them in subtests.
package parallel

import (
	"sync"
	"testing"
	"time"
)

func send(results chan int) { results <- 1 }

func wait(done chan struct{}) { <-done }

func TestSends(t *testing.T) {
	t.Parallel()
	for i := 0; i < 3; i++ {
		go send(make(chan int))
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"one", "two"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			go wait(make(chan struct{}))
		})
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	for i := 0; i < 20; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			time.Sleep(time.Millisecond)
		}()
	}
	group.Wait()
}

func TestDoesNothing(t *testing.T) {
	t.Parallel()
}
