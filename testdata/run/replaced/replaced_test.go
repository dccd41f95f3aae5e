// Package replaced ends a goroutine that was there before, and leaks another one of the same stack.
package replaced

import "testing"

type pool struct{ quit chan bool }

func (p *pool) loop() { <-p.quit }

func start() *pool {
	p := &pool{make(chan bool)}
	go p.loop()
	return p
}

var standard = start()

func TestStops(t *testing.T) { standard.quit <- true }

func TestLeaks(t *testing.T) { start() }
