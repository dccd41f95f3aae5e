package leak

import (
	"testing"
)

func TestVersion(t *testing.T) {
	if _, err := Version(); err == nil {
		t.Error("no error")
	}
}
