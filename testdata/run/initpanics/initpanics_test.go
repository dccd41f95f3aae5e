// Package initpanics ends before its tests begin.
package initpanics

import "testing"

func TestPasses(t *testing.T) {}

func init() {
	var none map[string]int
	none["here"] = 1
}
