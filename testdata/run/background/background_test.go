// Package background has loops that an init function starts, some of which stand elsewhere when the tests are over.
package background

import (
	"testing"
	"time"
)

var step, stepped = make(chan int), make(chan int)

func init() {
	for i := 0; i < 4; i++ {
		go loop()
	}
}

func loop() {
	stepped <- <-step
	rest()
}

//go:noinline
func rest() { time.Sleep(time.Hour) }

func TestStep(t *testing.T) {
	for i := 0; i < 2; i++ {
		step <- i
		<-stepped
	}
}
