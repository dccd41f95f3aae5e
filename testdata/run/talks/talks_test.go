// Package talks leaves goroutines that go on to log and to fail in the name of tests that are over. Without
// leakgate the process ends before they do.
package talks

import (
	"testing"
	"time"
)

func talk(say func()) {
	for {
		time.Sleep(50 * time.Millisecond)
		say()
	}
}

func TestLogs(t *testing.T) { go talk(func() { t.Log("still here") }) }

func TestFails(t *testing.T) { go talk(func() { t.Errorf("still here") }) }

func TestStops(t *testing.T) {
	t.Run("inner", func(t *testing.T) { go talk(func() { t.Log("still here") }) })
}
