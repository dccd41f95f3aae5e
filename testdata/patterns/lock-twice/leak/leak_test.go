package leak

import (
	"testing"
	"time"
)

func TestAdd(t *testing.T) {
	var c Counter
	go c.Add("a")
	time.Sleep(10 * time.Millisecond)
}
