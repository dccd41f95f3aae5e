package leak

import (
	"testing"
	"time"
)

func TestGet(t *testing.T) {
	var c Cache
	if _, ok := c.Get("a"); ok {
		t.Error("found")
	}
	go c.Refresh()
	time.Sleep(10 * time.Millisecond)
}
