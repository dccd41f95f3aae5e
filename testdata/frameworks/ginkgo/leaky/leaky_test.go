// Package leaky is a Ginkgo suite with one spec that forgets to close the channel its worker
// reads from.
package leaky

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestSuite(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "leaky")
}

func TestBeside(t *testing.T) {
	jobs, results := make(chan int), make(chan int, 1)
	go work(jobs, results)
	jobs <- 2
	if result := <-results; result != 4 {
		t.Errorf("got %d, want 4", result)
	}
	close(jobs)
	<-results
}

var _ = Describe("a worker", func() {
	It("ends when its channel is closed", func() {
		jobs, results := make(chan int), make(chan int, 1)
		go work(jobs, results)
		jobs <- 2
		Expect(<-results).To(Equal(4))
		close(jobs)
		Eventually(results).Should(BeClosed())
	})

	It("is forgotten", func() {
		jobs, results := make(chan int), make(chan int, 1)
		go work(jobs, results)
		jobs <- 3
		Expect(<-results).To(Equal(6))
	})
})

// work ends when jobs is closed.
func work(jobs <-chan int, results chan<- int) {
	defer close(results)
	for job := range jobs {
		results <- 2 * job
	}
}
