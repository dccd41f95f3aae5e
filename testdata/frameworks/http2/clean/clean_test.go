// Package clean speaks HTTP/2 with a server of the whole package, and leaves idle connections only.
package clean

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
)

var server *httptest.Server

func TestMain(m *testing.M) {
	server = start()
	os.Exit(m.Run())
}

func start() *httptest.Server {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Proto)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	return server
}

func get(t *testing.T, server *httptest.Server) {
	t.Helper()
	response, err := server.Client().Get(server.URL)
	if err != nil {
		t.Error(err)
		return
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "HTTP/2.0" {
		t.Errorf("got %q, %v", body, err)
	}
}

func TestGet(t *testing.T) { get(t, server) }

func TestParallel(t *testing.T) {
	for _, name := range []string{"one", "two", "three", "four"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			get(t, server)
		})
	}
}

func TestOwnServer(t *testing.T) {
	own := start()
	defer own.Close()
	get(t, own)
}
