//go:build linux || darwin

// Package pipes holds a test that puts pipes where leakgate writes: nobody reads them, so whoever opens one waits for ever.
package pipes

import (
	"os"
	"syscall"
	"testing"
)

func TestPipes(t *testing.T) {
	folder := os.Getenv("LEAKGATE_SUITE")
	if folder == "" {
		t.Skip("not under leakgate")
	}
	for _, name := range []string{"before.pb.gz", "after.pb.gz", "end.json"} {
		if err := syscall.Mkfifo(folder+"/"+name+".part", 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(folder + "/tests.log"); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(folder+"/tests.log", 0o600); err != nil {
		t.Fatal(err)
	}
}
