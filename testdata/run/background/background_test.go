// Package background has a loop that an init function starts, and that stands elsewhere when the tests are over.
package background

import "testing"

var step = make(chan int)

func init() { go loop() }

func loop() {
	<-step
	rest()
}

//go:noinline
func rest() { select {} }

func TestStep(t *testing.T) { step <- 1 }
