// Package alike ranges over a channel that is closed by a method that the test does not call.
package alike

// Adder adds numbers in the background.
type Adder struct {
	jobs chan int
	sum  chan int
}

// New starts an Adder.
func New() *Adder {
	a := &Adder{jobs: make(chan int), sum: make(chan int, 1)}
	go a.run()
	return a
}

func (a *Adder) run() {
	sum := 0
	for number := range a.jobs {
		sum += number
	}
	a.sum <- sum
}

// Add adds a number.
func (a *Adder) Add(number int) { a.jobs <- number }

// Close ends the goroutine and returns the sum.
func (a *Adder) Close() int {
	close(a.jobs)
	return <-a.sum
}
