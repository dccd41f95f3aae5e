// Package clean is a Ginkgo suite whose specs end every goroutine that they start.
package clean

import (
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestSuite(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "clean")
}

var _ = Describe("a worker", func() {
	var jobs, results chan int

	BeforeEach(func() {
		jobs, results = make(chan int), make(chan int, 1)
		go work(jobs, results)
		DeferCleanup(func() {
			close(jobs)
			Eventually(results).Should(BeClosed())
		})
	})

	It("doubles a number", func() {
		jobs <- 2
		Expect(<-results).To(Equal(4))
	})

	It("answers in time", func(ctx SpecContext) {
		jobs <- 3
		Eventually(ctx, results).Should(Receive(Equal(6)))
	}, NodeTimeout(10*time.Second))
})

// work ends when jobs is closed.
func work(jobs <-chan int, results chan<- int) {
	defer close(results)
	for job := range jobs {
		results <- 2 * job
	}
}
