// Package clean leaves nothing behind.
package clean

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

func TestWorkers(t *testing.T) {
	t.Parallel()
	work := make(chan int)
	var group sync.WaitGroup
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for range work {
			}
		}()
	}
	for i := 0; i < 100; i++ {
		work <- i
	}
	close(work)
	group.Wait()
}

func TestContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		<-ctx.Done()
		close(ended)
	}()
	cancel()
	<-ended
}

func TestTimer(t *testing.T) {
	t.Parallel()
	fired := make(chan struct{})
	time.AfterFunc(5*time.Millisecond, func() { close(fired) })
	<-fired
}

func TestServer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	response, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
}
