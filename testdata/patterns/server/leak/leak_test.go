package leak

import (
	"testing"
)

func TestServe(t *testing.T) {
	if _, err := Serve(); err != nil {
		t.Error(err)
	}
}
