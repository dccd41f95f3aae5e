// Package settles leaves a goroutine behind that ends by itself.
package settles

import (
	"testing"
	"time"
)

func TestSettles(t *testing.T) {
	go time.Sleep(300 * time.Millisecond)
}
