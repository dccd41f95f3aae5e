// Package background has loops that an init function starts, some of which stand elsewhere when the tests are over.
package background

import (
	"testing"
	"time"
)

var step = make(chan int)

func init() {
	for i := 0; i < 4; i++ {
		go loop()
	}
}

func loop() {
	<-step
	rest()
}

//go:noinline
func rest() { time.Sleep(time.Hour) }

func TestStep(t *testing.T) {
	step <- 1
	step <- 2
}
