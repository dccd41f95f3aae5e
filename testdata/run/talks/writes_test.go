//go:build go1.25

package talks

import (
	"io"
	"testing"
)

func TestWrites(t *testing.T) {
	output := t.Output()
	go talk(func() { _, _ = io.WriteString(output, "still here\n") })
	go talk(func() { t.Output() })
}
