// Package clean is a testify suite, with parallel subtests beside it, that ends every goroutine
// it starts.
package clean

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/stretchr/testify/suite"
)

type WorkerSuite struct {
	suite.Suite
	jobs, results chan int
}

func TestWorkerSuite(t *testing.T) { suite.Run(t, new(WorkerSuite)) }

func (s *WorkerSuite) SetupTest() {
	s.jobs, s.results = make(chan int), make(chan int, 1)
	go work(s.jobs, s.results)
}

func (s *WorkerSuite) TearDownTest() {
	close(s.jobs)
	_, open := <-s.results
	s.False(open)
}

func (s *WorkerSuite) TestDoubles() {
	s.jobs <- 2
	s.Equal(4, <-s.results)
}

func (s *WorkerSuite) TestAnswersInTime() {
	s.jobs <- 3
	s.Eventually(func() bool { return len(s.results) == 1 }, 10*time.Second, time.Millisecond)
	s.Equal(6, <-s.results)
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
			_, open := <-results
			assert.False(t, open)
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
