package main

import (
	"io"
	"os"
)

// export writes a report.
func export(w io.Writer) error {
	_, err := io.WriteString(w, "id,name\n")
	return err
}

// pipeBlocked: three writers of an io.Pipe whose reader has gone without
// closing its end.
func pipeBlocked() {
	for i := 0; i < 3; i++ {
		_, w := io.Pipe()
		go func() {
			w.CloseWithError(export(w))
		}()
	}
}

// pipeBlockedClean: the reader closes its end when it gives up.
func pipeBlockedClean() {
	for i := 0; i < 3; i++ {
		r, w := io.Pipe()
		go func() {
			w.CloseWithError(export(w))
		}()
		r.Close()
	}
}

// held keeps the writing ends open, as a running child process would.
var held []*os.File

// osPipeRead: two goroutines read from pipes of which nobody closes the
// writing end.
func osPipeRead() {
	for i := 0; i < 2; i++ {
		r, w, err := os.Pipe()
		check(err)
		held = append(held, w)
		go drain(r)
	}
}

// osPipeReadClean: the writing end is closed.
func osPipeReadClean() {
	for i := 0; i < 2; i++ {
		r, w, err := os.Pipe()
		check(err)
		go drain(r)
		check(w.Close())
	}
}

func drain(r *os.File) {
	defer r.Close()
	buf := make([]byte, 512)
	for {
		if _, err := r.Read(buf); err != nil {
			return
		}
	}
}
