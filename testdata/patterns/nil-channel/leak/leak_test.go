package leak

import (
	"testing"
)

func TestWatch(t *testing.T) { Watch(func(string) {}) }
