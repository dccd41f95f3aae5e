// Package leaky speaks HTTP/1, and one test does not close the body of its response.
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
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "hello")
	}))
	os.Exit(m.Run())
}

func get(t *testing.T, client *http.Client) io.ReadCloser {
	t.Helper()
	response, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Errorf("got %s", response.Status)
	}
	return response.Body
}

func TestCloses(t *testing.T) {
	body := get(t, http.DefaultClient)
	defer body.Close()
	if _, err := io.ReadAll(body); err != nil {
		t.Error(err)
	}
}

func TestForgetsToClose(t *testing.T) { get(t, &http.Client{Transport: &http.Transport{}}) }

func TestParallel(t *testing.T) {
	for _, name := range []string{"one", "two", "three"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := get(t, http.DefaultClient)
			defer body.Close()
			if _, err := io.ReadAll(body); err != nil {
				t.Error(err)
			}
		})
	}
}
