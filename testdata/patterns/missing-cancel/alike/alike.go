// Package alike keeps the function that cancels, and its test does not call it.
package alike

import (
	"context"
)

// Watcher watches in the background.
type Watcher struct{ cancel context.CancelFunc }

// Start starts a Watcher.
func Start(changes <-chan string) *Watcher {
	ctx, cancel := context.WithCancel(context.Background())
	go watch(ctx, changes)
	return &Watcher{cancel: cancel}
}

// Stop ends it.
func (w *Watcher) Stop() { w.cancel() }

func watch(ctx context.Context, changes <-chan string) {
	for {
		select {
		case <-changes:
		case <-ctx.Done():
			return
		}
	}
}
