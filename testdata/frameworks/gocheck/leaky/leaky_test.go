// Package leaky is a gocheck suite with one method that forgets to close the channel its worker
// reads from.
package leaky

import (
	"testing"

	. "gopkg.in/check.v1"
)

func Test(t *testing.T) { TestingT(t) }

type WorkerSuite struct{}

var _ = Suite(&WorkerSuite{})

func (s *WorkerSuite) TestEnds(c *C) {
	jobs, results := make(chan int), make(chan int, 1)
	go work(jobs, results)
	jobs <- 2
	c.Assert(<-results, Equals, 4)
	close(jobs)
	_, open := <-results
	c.Assert(open, Equals, false)
}

func (s *WorkerSuite) TestForgotten(c *C) {
	jobs, results := make(chan int), make(chan int, 1)
	go work(jobs, results)
	jobs <- 3
	c.Assert(<-results, Equals, 6)
}

// work ends when jobs is closed.
func work(jobs <-chan int, results chan<- int) {
	defer close(results)
	for job := range jobs {
		results <- 2 * job
	}
}
