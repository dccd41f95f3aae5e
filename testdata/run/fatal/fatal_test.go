// Package fatal ends its own process by log.Fatal, in a goroutine.
package fatal

import (
	"log"
	"testing"
)

func TestFatal(t *testing.T) {
	go log.Fatal("no")
	select {}
}
