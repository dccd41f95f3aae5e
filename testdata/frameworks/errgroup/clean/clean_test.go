// Package clean has a test that waits for its group.
package clean

import (
	"testing"

	"golang.org/x/sync/errgroup"
)

func TestWaits(t *testing.T) {
	var group errgroup.Group
	jobs := make(chan int)
	group.Go(func() error {
		for range jobs {
		}
		return nil
	})
	jobs <- 1
	close(jobs)
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}
