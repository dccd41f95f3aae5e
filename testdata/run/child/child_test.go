// Package child starts its own test binary again.
package child

import (
	"os"
	"os/exec"
	"testing"
)

func TestChild(t *testing.T) {
	if os.Getenv("CHILD") == "1" {
		go func() { select {} }()
		return
	}
	again := exec.Command(os.Args[0], "-test.run=^TestChild$")
	again.Env = append(os.Environ(), "CHILD=1")
	if output, err := again.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
}
