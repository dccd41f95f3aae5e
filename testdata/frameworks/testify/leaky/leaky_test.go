// Package leaky is a testify suite with one method that forgets to close the channel its worker
// reads from.
package leaky

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stretchr/testify/suite"
)

type WorkerSuite struct{ suite.Suite }

func TestWorkerSuite(t *testing.T) { suite.Run(t, new(WorkerSuite)) }

func (s *WorkerSuite) TestEnds() {
	jobs, results := make(chan int), make(chan int, 1)
	go work(jobs, results)
	jobs <- 2
	s.Equal(4, <-results)
	close(jobs)
	_, open := <-results
	s.False(open)
}

func (s *WorkerSuite) TestForgotten() {
	jobs, results := make(chan int), make(chan int, 1)
	go work(jobs, results)
	jobs <- 3
	s.Equal(6, <-results)
}

func TestParallel(t *testing.T) {
	for _, name := range []string{"one", "two", "three"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			jobs, results := make(chan int), make(chan int, 1)
			go work(jobs, results)
			jobs <- 2
			require.Equal(t, 4, <-results)
			close(jobs)
			<-results
		})
	}
}

// work ends when jobs is closed.
func work(jobs <-chan int, results chan<- int) {
	defer close(results)
	for job := range jobs {
		results <- 2 * job
	}
}
