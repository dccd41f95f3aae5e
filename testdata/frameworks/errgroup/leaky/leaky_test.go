// Package leaky has a test that forgets to close the channel its group's worker reads from.
package leaky

import (
	"testing"

	"golang.org/x/sync/errgroup"
)

func TestForgotten(t *testing.T) {
	var group errgroup.Group
	jobs := make(chan int)
	group.Go(func() error {
		for range jobs {
		}
		return nil
	})
	jobs <- 1
}
