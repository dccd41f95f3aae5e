// Package late holds a goroutine that is accepted, and that starts others as soon as it sees anything of the last profile:
// whoever looks first and captures then captures what was not there when it looked.
package late

import (
	"os"
	"testing"
)

func starts() {
	for {
		for _, name := range []string{"/after.pb.gz.part", "/after.pb.gz"} {
			if _, err := os.Lstat(os.Getenv("LEAKGATE_SUITE") + name); err == nil {
				for i := 0; i < 100; i++ {
					go late(make(chan int))
				}
				return
			}
		}
	}
}

func late(c chan int) { <-c }

func TestStarts(t *testing.T) { go starts() }
