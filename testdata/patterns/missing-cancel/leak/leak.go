// Package leak starts a goroutine with a context that nobody can cancel.
package leak

import (
	"context"
)

// Start watches in the background.
func Start(changes <-chan string) {
	ctx, _ := context.WithCancel(context.Background())
	go watch(ctx, changes)
}

func watch(ctx context.Context, changes <-chan string) {
	for {
		select {
		case <-changes:
		case <-ctx.Done():
			return
		}
	}
}
