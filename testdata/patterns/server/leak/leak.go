// Package leak serves in the background and has no way to stop.
package leak

import (
	"net"
	"net/http"
)

// Serve serves a greeting and returns its address.
func Serve() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: http.NotFoundHandler()}
	go func() {
		_ = server.Serve(listener)
	}()
	return listener.Addr().String(), nil
}
