package causes

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime/pprof"
	"testing"
)

func newStore(t *testing.T) *Store {
	t.Helper()
	return Open()
}

func TestForgotten(t *testing.T) {
	Open()
}

func TestHelper(t *testing.T) {
	newStore(t)
}

func TestTable(t *testing.T) {
	for _, name := range []string{"one", "two", "three"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Open()
		})
	}
}

func TestDo(t *testing.T) {
	pprof.Do(context.Background(), pprof.Labels("handler", "/pay"), func(context.Context) {
		Open()
	})
}

func TestCleared(t *testing.T) {
	pprof.SetGoroutineLabels(context.Background())
	Open()
}

func TestClosed(t *testing.T) {
	s := Open()
	s.Shutdown()
}

func TestWorkers(t *testing.T) {
	Warm(4)
}

func TestServer(t *testing.T) {
	httptest.NewServer(http.NotFoundHandler())
}

func TestStarts(t *testing.T) {
	go func() { select {} }()
}

func TestServes(t *testing.T) {
	s := &Store{stop: make(chan struct{})}
	go s.flush()
}

func TestCount(t *testing.T) {
	Count()
}
