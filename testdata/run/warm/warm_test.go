// Package warm has helpers of TestMain that end, and goroutines that are left behind in their place: begun by the same
// function of another package, without the label of a test.
package warm

import (
	"os"
	"testing"
	"time"

	"example.com/run/warm/group"
)

var end = make(chan bool)

func helper() { <-end }

func forget() { time.Sleep(time.Hour) }

func TestMain(m *testing.M) {
	for i := 0; i < 3; i++ {
		group.Go(helper)
	}
	os.Exit(m.Run())
}

func TestHelpersEnd(t *testing.T) {
	close(end)
	started := make(chan bool)
	// What a timer runs carries no label.
	time.AfterFunc(time.Millisecond, func() {
		for i := 0; i < 3; i++ {
			group.Go(forget)
		}
		close(started)
	})
	<-started
}
