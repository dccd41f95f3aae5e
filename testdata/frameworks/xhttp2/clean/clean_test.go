// Package clean speaks HTTP/2 without TLS by golang.org/x/net/http2, and leaves idle connections
// only.
package clean

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
)

var (
	server *httptest.Server
	client = newClient()
)

func TestMain(m *testing.M) {
	server = start()
	os.Exit(m.Run())
}

func start() *httptest.Server {
	return httptest.NewServer(h2c.NewHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Proto)
	}), &http2.Server{}))
}

func newClient() *http.Client {
	return &http.Client{Transport: &http2.Transport{
		AllowHTTP: true,
		DialTLSContext: func(ctx context.Context, network, address string, _ *tls.Config) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}}
}

func get(t *testing.T, client *http.Client, server *httptest.Server) {
	t.Helper()
	response, err := client.Get(server.URL)
	if err != nil {
		t.Error(err)
		return
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "HTTP/2.0" {
		t.Errorf("got %q, %v", body, err)
	}
}

func TestGet(t *testing.T) { get(t, client, server) }

func TestParallel(t *testing.T) {
	for _, name := range []string{"one", "two", "three", "four"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			get(t, client, server)
		})
	}
}

func TestOwnClient(t *testing.T) {
	own := newClient()
	defer own.CloseIdleConnections()
	get(t, own, server)
}
