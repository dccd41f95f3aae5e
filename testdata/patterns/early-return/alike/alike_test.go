package alike

import (
	"testing"
)

func TestLoad(t *testing.T) {
	if _, err := Load("a"); err != nil {
		t.Error(err)
	}
}
