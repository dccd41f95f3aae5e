// Package server has an HTTP server for all of its tests, which TestMain closes when they are over.
package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
)

var server *httptest.Server

func TestMain(m *testing.M) {
	server = httptest.NewServer(http.NotFoundHandler())
	code := m.Run()
	server.Close()
	os.Exit(code)
}

func TestGet(t *testing.T) {
	response, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	response.Body.Close()
}
