// Package labels has code that sets pprof labels of its own.
package labels

import (
	"context"
	"runtime/pprof"
	"testing"
	"time"
)

func TestKeepsBoth(t *testing.T) {
	pprof.Do(context.Background(), pprof.Labels("handler", "/pay"), func(context.Context) {
		go func() { select {} }()
	})
}

func TestTimer(t *testing.T) {
	time.AfterFunc(0, func() { select {} })
	time.Sleep(10 * time.Millisecond)
}
