package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
)

// backendFlag starts the program as the HTTP server that the client leaks
// talk to. It is a process of its own, so that the profiles hold the client's
// half of each connection only.
const backendFlag = "-backend"

var (
	backendURL  string
	backendHold *os.File // the backend ends when this is closed
)

func startBackend() {
	exe, err := os.Executable()
	check(err)
	stdin, hold, err := os.Pipe()
	check(err)
	out, stdout, err := os.Pipe()
	check(err)
	_, err = os.StartProcess(exe, []string{exe, backendFlag}, &os.ProcAttr{
		Files: []*os.File{stdin, stdout, os.Stderr},
	})
	check(err)
	stdin.Close()
	stdout.Close()
	line, err := bufio.NewReader(out).ReadString('\n')
	check(err)
	out.Close()
	backendHold = hold
	backendURL = strings.TrimSpace(line)
}

func serveBackend() error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s/\n", ln.Addr())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return http.Serve(ln, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "a body that wants to be read")
	}))
}

// bodyUnclosed: three responses are looked at and their bodies neither read
// nor closed; each leaves a readLoop and a writeLoop.
func bodyUnclosed() {
	c := &http.Client{Transport: &http.Transport{}}
	for i := 0; i < 3; i++ {
		resp, err := c.Get(backendURL)
		check(err)
		if resp.StatusCode != http.StatusOK {
			check(errors.New(resp.Status))
		}
	}
}

// bodyUnclosedClean: each body is read and closed, and the connections that
// idle are closed at the end.
func bodyUnclosedClean() {
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	c := &http.Client{Transport: tr}
	for i := 0; i < 3; i++ {
		get(c)
	}
}

// keepAliveIdle is not a leak: the body is read and closed, and the transport
// keeps the one idle connection for the next request.
func keepAliveIdle() {
	c := &http.Client{Transport: &http.Transport{}}
	for i := 0; i < 3; i++ {
		get(c)
	}
}

func get(c *http.Client) {
	resp, err := c.Get(backendURL)
	check(err)
	_, err = io.Copy(io.Discard, resp.Body)
	check(err)
	check(resp.Body.Close())
}

// serverNotShutdown: two servers are started and never shut down.
func serverNotShutdown() {
	for i := 0; i < 2; i++ {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		check(err)
		srv := &http.Server{Handler: http.NotFoundHandler()}
		go func() {
			srv.Serve(ln)
		}()
	}
}

// serverNotShutdownClean: Shutdown, and wait until Serve has returned.
func serverNotShutdownClean() {
	for i := 0; i < 2; i++ {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		check(err)
		srv := &http.Server{Handler: http.NotFoundHandler()}
		served := make(chan error)
		go func() {
			served <- srv.Serve(ln)
		}()
		check(srv.Shutdown(context.Background()))
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			check(err)
		}
	}
}
