// Package clears empties the environment before its tests begin.
package clears

import (
	"os"
	"testing"
)

func init() { os.Clearenv() }

func TestEmpty(t *testing.T) {
	if left := os.Environ(); len(left) > 0 {
		t.Error(left)
	}
}
