// Package testmain has a server that its TestMain starts, which is there before and after; each job leaves a goroutine
// behind that no test started.
package testmain

import (
	"os"
	"testing"
)

var jobs = make(chan int)

func serve() {
	for range jobs {
		go forget(make(chan int))
	}
}

func forget(answer chan int) { answer <- 1 }

func TestMain(m *testing.M) {
	go serve()
	os.Exit(m.Run())
}

func TestJobs(t *testing.T) {
	jobs <- 1
	jobs <- 2
}
