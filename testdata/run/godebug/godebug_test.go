// Package godebug has a test that looks at GODEBUG, as it and what it starts see it.
package godebug

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestIsTheUsers(t *testing.T) {
	want := os.Getenv("WANT_GODEBUG")
	if got := os.Getenv("GODEBUG"); got != want {
		t.Errorf("the test sees GODEBUG=%q, want %q", got, want)
	}
	out, err := exec.Command("env").Output()
	if err != nil {
		t.Skip(err)
	}
	for _, line := range strings.Split(string(out), "\n") {
		if strings.HasPrefix(line, "LEAKGATE_GODEBUG=") || line != "GODEBUG="+want && strings.HasPrefix(line, "GODEBUG=") {
			t.Errorf("a child sees %s", line)
		}
	}
}

func BenchmarkGo(b *testing.B) {
	for i := 0; i < b.N; i++ {
		go func() { select {} }()
	}
}
