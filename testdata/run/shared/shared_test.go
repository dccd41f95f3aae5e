// Package shared starts goroutines that a whole process shares: more keep-alive connections than the default transport
// would keep, and the one that waits for signals.
package shared

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"sync"
	"testing"
)

var server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "hello")
}))

func TestFirst(t *testing.T) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	var ready, group sync.WaitGroup
	ready.Add(5)
	for i := 0; i < 5; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			response, err := client.Get(server.URL)
			ready.Done()
			ready.Wait()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}()
	}
	group.Wait()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	signal.Stop(signals)
}
