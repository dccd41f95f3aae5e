// Package killed is killed while a test runs.
package killed

import (
	"os"
	"testing"
	"time"
)

func TestKilled(t *testing.T) {
	process, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
}
