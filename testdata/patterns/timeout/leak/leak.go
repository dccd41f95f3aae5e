// Package leak gives up when its context ends, which the goroutine does not watch.
package leak

import (
	"context"
	"time"
)

// Fetch waits for a slow answer as long as its context allows.
func Fetch(ctx context.Context) (int, error) {
	answers := make(chan int)
	go func() {
		time.Sleep(50 * time.Millisecond)
		answers <- 42
	}()
	select {
	case answer := <-answers:
		return answer, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
