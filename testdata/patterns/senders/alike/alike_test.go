package alike

import (
	"testing"
)

func TestAll(t *testing.T) {
	if _, err := All([]string{"", "", ""}); err == nil {
		t.Error("no error")
	}
}
