package again

import (
	"context"
	"fmt"
	"runtime/pprof"
	"testing"
)

func dial(done chan struct{}) { <-done }

func label(done chan struct{}) { <-done }

func both(done chan struct{}) { <-done }

var ports int

// TestOtherNames has a subtest of another name each time.
func TestOtherNames(t *testing.T) {
	ports++
	t.Run(fmt.Sprintf("port-%d", ports), func(t *testing.T) {
		go dial(make(chan struct{}))
	})
}

// TestOwnLabels leaks under labels of its own, which take the test's away.
func TestOwnLabels(t *testing.T) {
	pprof.Do(context.Background(), pprof.Labels("handler", "/pay"), func(context.Context) {
		go label(make(chan struct{}))
	})
}

// TestBoth leaks as an example does, which runs once.
func TestBoth(t *testing.T) { go both(make(chan struct{})) }

func Example_both() {
	go both(make(chan struct{}))
	fmt.Println("done")
	// Output: done
}
