package leak

import (
	"testing"
)

func TestFirst(t *testing.T) {
	if First([]string{"a", "b", "c"}) == "" {
		t.Error("no answer")
	}
}
