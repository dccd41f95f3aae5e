// Package hang never ends.
package hang

import "testing"

func work(jobs, results chan int) {
	for job := range jobs {
		results <- job
	}
}

func TestEnds(t *testing.T) {}

func TestHangs(t *testing.T) {
	jobs, results := make(chan int), make(chan int)
	go work(jobs, results)
	t.Run("inner", func(t *testing.T) {
		jobs <- 1
		jobs <- 2
	})
}
