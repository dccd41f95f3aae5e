package alike

import (
	"testing"
)

func TestCheck(t *testing.T) { Check([]string{"a", ""}, make(chan string), func() {}) }
