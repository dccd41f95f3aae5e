package offers_test

import (
	"testing"

	offers "example.com/testmain"
)

func shop() int { return 4900 }

// TestFirst leaks two goroutines, those of the shops that were too late.
func TestFirst(t *testing.T) {
	leakgateTest(t)
	t.Parallel()
	if got := offers.First(shop, shop, shop); got != 4900 {
		t.Errorf("got %d", got)
	}
}

// TestFirstFixed leaks nothing.
func TestFirstFixed(t *testing.T) {
	leakgateTest(t)
	t.Parallel()
	if got := offers.FirstFixed(shop, shop, shop); got != 4900 {
		t.Errorf("got %d", got)
	}
}
