// Package spins holds a loop that never waits and is somewhere else whenever one looks, behind a starter that others share,
// and a loop that waits most of the time.
package spins

import (
	"os"
	"sync"
	"testing"
	"time"
)

var mu sync.Mutex

func start(f func()) { go func() { f() }() }

func spin() {
	for {
		look()
		count()
	}
}

//go:noinline
func look() {
	for i := 0; i < 300; i++ {
		_, _ = os.Lstat("/nowhere")
	}
}

//go:noinline
func count() {
	for i := 0; i < 50000; i++ {
		mu.Lock()
		mu.Unlock()
	}
}

func tick() {
	for range time.Tick(100 * time.Millisecond) {
		_ = time.Now()
	}
}

func TestSpins(t *testing.T) {
	start(spin)
	start(tick)
}
