package leak

import (
	"testing"
)

func TestNew(t *testing.T) { New() }
