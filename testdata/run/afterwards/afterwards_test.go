// Package afterwards has a goroutine that panics when all tests have ended.
package afterwards

import (
	"testing"
	"time"
)

func TestEnds(t *testing.T) {
	go func() {
		time.Sleep(50 * time.Millisecond)
		panic("late")
	}()
}
