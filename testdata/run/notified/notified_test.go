// Package notified has a goroutine of the runtime's own that every program may have.
package notified

import (
	"os"
	"os/signal"
	"testing"
)

func TestSignals(t *testing.T) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	signal.Stop(signals)
}
