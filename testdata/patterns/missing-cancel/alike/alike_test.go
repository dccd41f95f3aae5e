package alike

import (
	"testing"
)

func TestStart(t *testing.T) { Start(make(chan string)) }
