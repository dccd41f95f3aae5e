// Package backends runs its tests for one backend after the other, and leaks for the first.
package backends

import (
	"os"
	"testing"
)

var backend string

func connect(done chan struct{}) { <-done }

func TestConnects(t *testing.T) {
	if backend == "first" {
		go connect(make(chan struct{}))
	}
}

func TestMain(m *testing.M) {
	code := 0
	for _, backend = range []string{"first", "second", "third"} {
		code |= m.Run()
	}
	os.Exit(code)
}
