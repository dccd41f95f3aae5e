package main

import (
	"testing"
	"time"
)

// TestHangs goes on until go test ends it: `go test -timeout 1s -run TestHangs`.
func TestHangs(t *testing.T) {
	t.Log("a line of a log")
	h := newHeld()
	h.leak()
	time.Sleep(time.Hour)
}
