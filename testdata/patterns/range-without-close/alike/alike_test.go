package alike

import (
	"testing"
)

func TestAdd(t *testing.T) { New().Add(1) }

func TestClose(t *testing.T) {
	a := New()
	a.Add(2)
	if a.Close() != 2 {
		t.Error("wrong sum")
	}
}
