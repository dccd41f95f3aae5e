package alike

import (
	"testing"
)

func TestNew(t *testing.T) { New() }
