// Package leak ranges over a channel that nobody closes.
package leak

// Sum adds numbers in the background.
func Sum(numbers []int) int {
	jobs := make(chan int)
	sums := make(chan int, len(numbers))
	go func() {
		sum := 0
		for number := range jobs {
			sum += number
			sums <- sum
		}
	}()
	last := 0
	for _, number := range numbers {
		jobs <- number
		last = <-sums
	}
	return last
}
