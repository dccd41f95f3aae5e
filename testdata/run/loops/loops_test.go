// Package loops leaves a loop that is met at one of two places.
package loops

import (
	"testing"
	"time"
)

func poll() { time.Sleep(1300 * time.Millisecond) }

func flush() { time.Sleep(1700 * time.Millisecond) }

func loop() {
	for {
		poll()
		flush()
	}
}

func TestLoop(t *testing.T) { go loop() }

// TestOther only takes time, so that the loop is somewhere else when both run.
func TestOther(t *testing.T) { time.Sleep(900 * time.Millisecond) }
