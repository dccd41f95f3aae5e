package alike

import (
	"testing"
	"time"
)

func TestMove(t *testing.T) {
	var a, b Account
	go Move(&a, &b, 1)
	go Move(&b, &a, 1)
	time.Sleep(50 * time.Millisecond)
}
