// Package leaky speaks HTTP/2, and one test does not close the body of a response that is still
// being written.
package leaky

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
	server = httptest.NewUnstartedServer(http.HandlerFunc(stream))
	server.EnableHTTP2 = true
	server.StartTLS()
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
	response, err := server.Client().Get(server.URL)
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
