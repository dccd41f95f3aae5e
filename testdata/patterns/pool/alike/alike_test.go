package alike

import (
	"testing"
)

func TestOpen(t *testing.T) {
	if _, err := Open(); err != nil {
		t.Error(err)
	}
}
