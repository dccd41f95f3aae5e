// Package slowly closes what it opens, and that takes a while.
package slowly

import (
	"testing"
	"time"
)

type conn struct{ stop chan struct{} }

func open() *conn {
	c := &conn{make(chan struct{})}
	go c.loop()
	return c
}

func (c *conn) loop() {
	<-c.stop
	time.Sleep(700 * time.Millisecond)
}

func (c *conn) close() { close(c.stop) }

func TestCloses(t *testing.T) { defer open().close() }
