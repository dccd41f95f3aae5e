// Package forges holds a test that leaks, and tries to make it look as if the goroutine had been there before.
package forges

import (
	"context"
	"os"
	"path/filepath"
	"runtime/pprof"
	"testing"
	"time"
)

func leak(c chan int) { <-c }

func TestForges(t *testing.T) {
	pprof.SetGoroutineLabels(context.Background())
	go leak(make(chan int))
	time.Sleep(10 * time.Millisecond)
	files, err := filepath.Glob(os.Getenv("LEAKGATE_SUITE") + "/*")
	if err != nil || len(files) == 0 {
		t.Fatal("nothing to forge", err)
	}
	for _, name := range append(files, os.Getenv("LEAKGATE_SUITE")+"/before.pb.gz") {
		if filepath.Ext(name) != ".gz" {
			continue
		}
		file, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := pprof.Lookup("goroutine").WriteTo(file, 0); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
