// Package alike waits for a context that cannot be cancelled, whose channel is nil.
package alike

import (
	"context"
)

// Watch calls stopped when its context ends.
func Watch(ctx context.Context, stopped func()) {
	go func() {
		<-ctx.Done()
		stopped()
	}()
}
