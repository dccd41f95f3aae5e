// Package exits ends its own process inside a test.
package exits

import (
	"os"
	"testing"
)

func TestBefore(t *testing.T) { go func() { select {} }() }

func TestExits(t *testing.T) { os.Exit(3) }
