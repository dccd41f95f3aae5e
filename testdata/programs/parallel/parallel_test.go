package parallel

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"
)

// TestMain writes before.pb.gz and after.pb.gz to the directory that LEAKS_DIR
// names, if it does.
func TestMain(m *testing.M) {
	dir := os.Getenv("LEAKS_DIR")
	if dir == "" {
		os.Exit(m.Run())
	}
	settle()
	write(filepath.Join(dir, "before.pb.gz"))
	code := m.Run()
	settle()
	write(filepath.Join(dir, "after.pb.gz"))
	os.Exit(code)
}

func settle() {
	last := runtime.NumGoroutine()
	for still := 0; still < 15; {
		time.Sleep(10 * time.Millisecond)
		if n := runtime.NumGoroutine(); n != last {
			last, still = n, 0
			continue
		}
		still++
	}
}

func write(file string) {
	f, err := os.Create(file)
	if err == nil {
		err = pprof.Lookup("goroutine").WriteTo(f, 0)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// named runs f in parallel with the other tests, under the test's name.
func named(t *testing.T, f func()) {
	t.Parallel()
	labels := pprof.Labels("leakgate.test", t.Name())
	pprof.Do(context.Background(), labels, func(context.Context) { f() })
}

func TestIndex(t *testing.T) {
	named(t, func() {
		stop := Watch(4)
		defer stop()
	})
}

// TestSearch leaks five goroutines.
func TestSearch(t *testing.T) {
	named(t, func() {
		Watch(5)
	})
}

func TestRemove(t *testing.T) {
	named(t, func() {
		defer Watch(3)()
	})
}

// TestUpload leaks six goroutines, with the same stack as those of TestSearch.
func TestUpload(t *testing.T) {
	named(t, func() {
		Watch(6)
	})
}
