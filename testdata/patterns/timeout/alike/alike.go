// Package alike gives its goroutine room for the answer that nobody waits for; the goroutine sends two.
package alike

import (
	"context"
	"time"
)

// Fetch waits for a slow answer as long as its context allows.
func Fetch(ctx context.Context) (int, error) {
	answers := make(chan int, 1)
	go func() {
		time.Sleep(50 * time.Millisecond)
		answers <- 42
		answers <- 43
	}()
	select {
	case answer := <-answers:
		return answer, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
