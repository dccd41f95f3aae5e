// Package clean is a gocheck suite that ends every goroutine it starts.
package clean

import (
	"testing"

	. "gopkg.in/check.v1"
)

func Test(t *testing.T) { TestingT(t) }

type WorkerSuite struct{ jobs, results chan int }

var _ = Suite(&WorkerSuite{})

func (s *WorkerSuite) SetUpTest(c *C) {
	s.jobs, s.results = make(chan int), make(chan int, 1)
	go work(s.jobs, s.results)
}

func (s *WorkerSuite) TearDownTest(c *C) {
	close(s.jobs)
	_, open := <-s.results
	c.Check(open, Equals, false)
}

func (s *WorkerSuite) TestDoubles(c *C) {
	s.jobs <- 2
	c.Assert(<-s.results, Equals, 4)
}

func (s *WorkerSuite) TestDoublesAgain(c *C) {
	s.jobs <- 3
	c.Assert(<-s.results, Equals, 6)
}

// work ends when jobs is closed.
func work(jobs <-chan int, results chan<- int) {
	defer close(results)
	for job := range jobs {
		results <- 2 * job
	}
}
