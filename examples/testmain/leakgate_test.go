// Goroutine profiles around the tests of a package, for leakgate check.
//
// Copy this file into each package to be checked, and change the next line to
// the package clause of its tests. Where there is a TestMain already, remove
// the one below and call leakgateRun(m) where that one calls m.Run().

package offers_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	os.Exit(leakgateRun(m))
}

// leakgateTest names the test to leakgate: goroutines that are started from
// here on carry its name, also those that they start. It is a test's first
// line, and a subtest's where that is to be named rather than its parent.
func leakgateTest(t testing.TB) {
	labels := pprof.Labels("leakgate.test", t.Name())
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), labels))
}

// leakgateRun runs the tests and returns the exit code. If LEAKGATE_DIR names
// a directory, it writes the profiles of before and after to a folder in it.
// A profile that cannot be written fails the run: it must not look clean.
func leakgateRun(m *testing.M) int {
	dir := os.Getenv("LEAKGATE_DIR")
	if dir == "" {
		return m.Run()
	}
	// Processes that a test starts from this binary write nothing.
	os.Unsetenv("LEAKGATE_DIR")

	folder, err := leakgateFolder(dir)
	if err != nil {
		return leakgateFailed(err)
	}
	if runtime.NumGoroutine() > 1 {
		// What init functions started may not have run yet.
		time.Sleep(20 * time.Millisecond)
	}
	before := runtime.NumGoroutine()
	if err := leakgateWrite(folder, "before", "goroutine"); err != nil {
		return leakgateFailed(err)
	}

	code := m.Run()

	leakgateSettle(before)
	err = leakgateWrite(folder, "after", "goroutine")
	// Go's own leak profile, of Go 1.27. The garbage collection that makes it
	// may have to be done twice to find all.
	for i := 0; i < 2 && err == nil && pprof.Lookup("goroutineleak") != nil; i++ {
		err = leakgateWrite(folder, "proven", "goroutineleak")
	}
	if err != nil {
		return leakgateFailed(err)
	}
	return code
}

// leakgateSettle waits until there are no more goroutines than before, for up
// to three seconds: some are still on their way out.
func leakgateSettle(before int) {
	end := time.Now().Add(3 * time.Second)
	pause := time.Millisecond
	for runtime.NumGoroutine() > before && time.Now().Before(end) {
		time.Sleep(pause)
		if pause < 100*time.Millisecond {
			pause *= 2
		}
	}
}

// leakgateFolder makes the folder of this process, named after the package and
// the process id.
func leakgateFolder(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	type local struct{}
	name := strings.TrimSuffix(reflect.TypeOf(local{}).PkgPath(), "_test")
	if name == "" || name == "main" || name == "command-line-arguments" {
		name = filepath.Base(os.Args[0])
	}
	folder := filepath.Join(dir, fmt.Sprintf("%s-%d", url.QueryEscape(name), os.Getpid()))
	// One that is there already holds profiles of another run.
	return folder, os.Mkdir(folder, 0o777)
}

// leakgateWrite writes a profile. It has its name only once it is whole.
func leakgateWrite(folder, name, profile string) error {
	path := filepath.Join(folder, name+".pb.gz")
	file, err := os.Create(path + ".tmp")
	if err != nil {
		return err
	}
	err = pprof.Lookup(profile).WriteTo(file, 0)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

func leakgateFailed(err error) int {
	fmt.Fprintln(os.Stderr, "leakgate:", err)
	return 1
}
