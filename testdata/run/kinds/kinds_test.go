// Package kinds leaks in everything that go test can run.
package kinds

import (
	"fmt"
	"testing"
)

func forget() { <-make(chan int) }

func Example_forget() {
	go forget()
	fmt.Println("done")
	// Output: done
}

func FuzzForget(f *testing.F) {
	f.Add(1)
	f.Fuzz(func(t *testing.T, n int) { go forget() })
}

func BenchmarkForget(b *testing.B) {
	b.Run("inner", func(b *testing.B) {
		if b.N == 1 {
			go forget()
		}
	})
}

func TestForget(t *testing.T) {
	t.Run("a b/ü", func(t *testing.T) { go forget() })
}
