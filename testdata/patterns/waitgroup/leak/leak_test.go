package leak

import (
	"testing"
)

func TestCheck(t *testing.T) { Check([]string{"a", ""}, func() {}) }
