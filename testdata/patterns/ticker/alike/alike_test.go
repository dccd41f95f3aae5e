package alike

import (
	"testing"
	"time"
)

func TestPoll(t *testing.T) { Poll(time.Hour, make(chan struct{}), func() {}) }
