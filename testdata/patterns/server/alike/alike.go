// Package alike serves in the background and returns the server, which the test does not shut down.
package alike

import (
	"net"
	"net/http"
)

// Serve serves a greeting.
func Serve() (*http.Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: http.NotFoundHandler()}
	go func() {
		_ = server.Serve(listener)
	}()
	return server, nil
}
