package chains

import (
	"context"
	"os"
	"runtime/pprof"
	"testing"
)

var beside = make(chan struct{})

func stay() { <-beside }

func TestMain(m *testing.M) {
	go stay()
	os.Exit(m.Run())
}

func TestLoop(t *testing.T) {
	for i := 0; i < 3; i++ {
		New()
	}
}

func TestShort(t *testing.T) {
	New()

	// A comment between the call and what runs next.
	if testing.Short() {
		t.Skip()
	}
}

func TestDefer(t *testing.T) {
	defer New()
}

func TestPair(t *testing.T) {
	Pair()
}

func TestOne(t *testing.T) {
	pprof.SetGoroutineLabels(context.Background())
	go stay()
}

func TestParallel(t *testing.T) {
	for _, name := range []string{"one", "two"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			New()
		})
	}
}

func ExampleNew() {
	New()
	// Output:
}

func ExamplePair() {
	// Output:
}
