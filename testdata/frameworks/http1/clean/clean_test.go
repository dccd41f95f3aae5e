// Package clean speaks HTTP/1 with a server of the whole package, and leaves two idle keep-alive
// connections, one of which was dialled and never used.
package clean

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
)

var server *httptest.Server

func TestMain(m *testing.M) {
	server = httptest.NewServer(http.HandlerFunc(hello))
	os.Exit(m.Run())
}

func hello(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }

func get(t *testing.T, client *http.Client, url string) {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		t.Error(err)
		return
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "hello" {
		t.Errorf("got %q, %v", body, err)
	}
}

func TestOwnServer(t *testing.T) {
	own := httptest.NewServer(http.HandlerFunc(hello))
	defer own.Close()
	get(t, own.Client(), own.URL)
}

func TestOwnClient(t *testing.T) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	get(t, client, server.URL)
}

func TestParallel(t *testing.T) {
	own := httptest.NewServer(http.HandlerFunc(hello))
	t.Cleanup(own.Close)
	for _, name := range []string{"one", "two", "three", "four", "five", "six"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			get(t, http.DefaultClient, own.URL)
		})
	}
}

// The second request dials, but the first one's connection is free before that is done: what was
// dialled is never used.
func TestDialledAndNeverUsed(t *testing.T) {
	var dials atomic.Int32
	dialling, proceed, dialled := make(chan bool), make(chan bool), make(chan bool)
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials.Add(1) == 2 {
				close(dialling)
				<-proceed
				defer close(dialled)
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}}
	first, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan bool)
	go func() {
		get(t, client, server.URL)
		close(answered)
	}()
	<-dialling
	if _, err := io.Copy(io.Discard, first.Body); err != nil {
		t.Error(err)
	}
	first.Body.Close()
	<-answered
	close(proceed)
	<-dialled
}
