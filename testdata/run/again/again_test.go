// Package again leaves goroutines that do different things when its tests run again. Where AGAIN names
// a file, each process adds a byte to it when it starts: that is how a test knows how many there were.
package again

import (
	"os"
	"sync"
	"testing"
)

func wait(done chan struct{}) { <-done }

func serve(requests chan int) {
	for range requests {
	}
}

func retry(done chan struct{}) { <-done }

func reload(done chan struct{}) { <-done }

func flush(done chan struct{}) { <-done }

var processes = func() int64 {
	file, err := os.OpenFile(os.Getenv("AGAIN"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return 0
	}
	defer file.Close()
	_, _ = file.Write([]byte{'.'})
	info, _ := file.Stat()
	return info.Size()
}()

func TestLeaks(t *testing.T) {
	for i := 0; i < 2; i++ {
		go wait(make(chan struct{}))
	}
}

func TestLeaksBelow(t *testing.T) {
	t.Run("deep", func(t *testing.T) {
		go flush(make(chan struct{}))
	})
}

var once sync.Once

func TestStartsOnce(t *testing.T) {
	once.Do(func() { go serve(make(chan int)) })
}

// TestSometimes leaks in every second process.
func TestSometimes(t *testing.T) {
	if processes%2 == 1 {
		go retry(make(chan struct{}))
	}
}

// TestAtFirst leaks in the first process only.
func TestAtFirst(t *testing.T) {
	if processes == 1 {
		go reload(make(chan struct{}))
	}
}
