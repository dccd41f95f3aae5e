// Package twice runs its tests twice, and ends its own process in the second round.
package twice

import (
	"os"
	"testing"
)

var rounds int

func TestMain(m *testing.M) {
	m.Run()
	os.Exit(m.Run())
}

func TestEnds(t *testing.T) {
	if rounds++; rounds == 2 {
		os.Exit(1)
	}
}
