// Package stays holds goroutines that go somewhere late and stay there: none of them is a loop.
package stays

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"
)

var server *httptest.Server

func TestMain(m *testing.M) {
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(600 * time.Millisecond)
	}))
	os.Exit(m.Run())
}

func send(after time.Duration, c chan int) {
	time.Sleep(after)
	c <- 1
}

func TestSendsLate(t *testing.T) {
	for _, after := range []time.Duration{0, 100, 200, 300, 400, 700} {
		go send(after*time.Millisecond, make(chan int))
	}
}

// The connection is idle in the end, and so nobody's leak.
func TestGetsLate(t *testing.T) {
	go func() {
		if response, err := http.Get(server.URL); err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
	}()
}
