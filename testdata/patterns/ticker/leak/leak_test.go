package leak

import (
	"testing"
	"time"
)

func TestPoll(t *testing.T) { Poll(time.Hour, func() {}) }
