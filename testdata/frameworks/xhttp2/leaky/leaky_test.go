// Package leaky speaks HTTP/2 by golang.org/x/net/http2, and one test does not close a body that
// is still being written.
package leaky

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
	client = &http.Client{Transport: &http2.Transport{
		AllowHTTP: true,
		DialTLSContext: func(ctx context.Context, network, address string, _ *tls.Config) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}}
)

func TestMain(m *testing.M) {
	server = httptest.NewServer(h2c.NewHandler(http.HandlerFunc(stream), &http2.Server{}))
	os.Exit(m.Run())
}

// stream writes one word, and then waits for the client to go.
func stream(w http.ResponseWriter, r *http.Request) {
	fmt.Fprint(w, "hello")
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

func get(t *testing.T) io.ReadCloser {
	t.Helper()
	response, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	word := make([]byte, len("hello"))
	if _, err := io.ReadFull(response.Body, word); err != nil || response.ProtoMajor != 2 {
		t.Errorf("got %q over %s, %v", word, response.Proto, err)
	}
	return response.Body
}

func TestCloses(t *testing.T) { get(t).Close() }

func TestForgetsToClose(t *testing.T) { get(t) }

func TestParallel(t *testing.T) {
	for _, name := range []string{"one", "two"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			get(t).Close()
		})
	}
}
