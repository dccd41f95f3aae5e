//go:build go1.25

package main

import (
	"os"
	"runtime"
	"testing"
	"testing/synctest"
)

// TestBubble writes what is in a bubble: `DUMP=FILE go test -run TestBubble`.
func TestBubble(t *testing.T) {
	synctest.Test(t, func(*testing.T) {
		from := make(chan int)
		go receive(from)
		go choose(from, from)
		synctest.Wait()
		buffer := make([]byte, 1<<20)
		check(os.WriteFile(os.Getenv("DUMP"), buffer[:runtime.Stack(buffer, true)], 0o644))
		close(from)
	})
}
