package alike

import (
	"testing"
	"time"
)

func TestFill(t *testing.T) {
	var c Cache
	go c.Fill(make(chan string))
	time.Sleep(10 * time.Millisecond)
	go c.Refresh()
	time.Sleep(10 * time.Millisecond)
}
