// Package environment holds a test that builds: what it builds is its own.
package environment

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestBuilds(t *testing.T) {
	flags, err := exec.Command("go", "env", "GOFLAGS").Output()
	if err != nil {
		t.Fatal(err)
	}
	if is, was := strings.TrimSpace(string(flags)), os.Getenv("FLAGS_OF_USER"); is != was {
		t.Errorf("GOFLAGS is %q and was %q", is, was)
	}
}
