// Goroutine profiles around the tests of a package, for leakgate check.
//
// Copy this file into each package to check, and change the next line to the
// package clause of its tests. If the package already has a TestMain, remove
// the one below and call leakgateRun(m) instead of m.Run().

package offers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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

// leakgateTest names the test: goroutines that start after this call carry its
// name, and so do those that they start. Call it in the first line of a test,
// and of a subtest that should be named instead of its parent.
func leakgateTest(t testing.TB) {
	labels := pprof.Labels("leakgate.test", t.Name())
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), labels))
}

// leakgateRun runs the tests and returns the exit code. If LEAKGATE_DIR names
// a directory, it writes to a folder in it what leakgate run would write.
// A file that cannot be written fails the run: it must not look clean.
func leakgateRun(m *testing.M) int {
	dir := os.Getenv("LEAKGATE_DIR")
	// leakgate run captures the tests itself.
	if dir == "" || os.Getenv("LEAKGATE_PARENT") != "" {
		return m.Run()
	}
	// Processes that a test starts from this binary write nothing.
	os.Unsetenv("LEAKGATE_DIR")

	folder, err := leakgateStart(dir)
	if err != nil {
		return leakgateFailed(err)
	}
	if runtime.NumGoroutine() > 1 {
		// What init functions started may not have run yet.
		time.Sleep(20 * time.Millisecond)
	}
	before := runtime.NumGoroutine()
	first, err := leakgateProfile("goroutine")
	if err == nil {
		err = leakgateWrite(folder, "before.pb.gz", first)
	}
	if err != nil {
		return leakgateFailed(err)
	}

	code := m.Run()

	start := time.Now()
	settled := leakgateSettle(before)
	took := time.Since(start)
	// Written again, in case a test has changed the file.
	err = leakgateWrite(folder, "before.pb.gz", first)
	if err == nil {
		err = leakgateCapture(folder, "after.pb.gz", "goroutine")
	}
	// Go's own leak profile, from Go 1.27 on. Only the second garbage collection
	// may find all leaks.
	for i := 0; i < 2 && err == nil && pprof.Lookup("goroutineleak") != nil; i++ {
		err = leakgateCapture(folder, "proven.pb.gz", "goroutineleak")
	}
	if err == nil {
		err = leakgateJSON(folder, "end.json", map[string]any{
			"exit_code": code,
			"settled":   settled,
			"settle_ms": took.Milliseconds(),
		})
	}
	if err != nil {
		return leakgateFailed(err)
	}
	return code
}

// leakgateSettle waits until there are no more goroutines than before, for up
// to three seconds: some are still ending.
func leakgateSettle(before int) bool {
	end := time.Now().Add(3 * time.Second)
	pause := time.Millisecond
	for runtime.NumGoroutine() > before {
		if time.Now().After(end) {
			return false
		}
		time.Sleep(pause)
		if pause < 100*time.Millisecond {
			pause *= 2
		}
	}
	return true
}

// leakgateStart creates the directory of this process and describes it there,
// so that a process which ends early is known to be missing.
func leakgateStart(dir string) (string, error) {
	if !filepath.IsAbs(dir) {
		// The tests of each package run in its own directory.
		return "", fmt.Errorf("LEAKGATE_DIR is %q: write an absolute path", dir)
	}
	type local struct{}
	name := strings.TrimSuffix(reflect.TypeOf(local{}).PkgPath(), "_test")
	if name == "main" || name == "command-line-arguments" {
		name = ""
	}
	now := time.Now().UnixNano()
	process := fmt.Sprintf("%d-%d", os.Getpid(), now)
	folder := filepath.Join(dir, "suites", filepath.FromSlash(name), process)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", err
	}
	directory, _ := os.Getwd()
	return folder, leakgateJSON(folder, "suite.json", map[string]any{
		"schema":          "leakgate.suite/1",
		"import_path":     name,
		"pid":             os.Getpid(),
		"child_of":        "",
		"started_unix_ns": now,
		"go":              runtime.Version(),
		"platform":        runtime.GOOS + "/" + runtime.GOARCH,
		"directory":       directory,
		"args":            os.Args,
	})
}

func leakgateProfile(name string) ([]byte, error) {
	var profile bytes.Buffer
	err := pprof.Lookup(name).WriteTo(&profile, 0)
	return profile.Bytes(), err
}

func leakgateCapture(folder, name, profile string) error {
	data, err := leakgateProfile(profile)
	if err != nil {
		return err
	}
	return leakgateWrite(folder, name, data)
}

func leakgateJSON(folder, name string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return leakgateWrite(folder, name, data)
}

// leakgateWrite writes a file that gets its name only once it is complete.
func leakgateWrite(folder, name string, data []byte) error {
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path+".part", data, 0o666); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

func leakgateFailed(err error) int {
	fmt.Fprintln(os.Stderr, "leakgate:", err)
	return 1
}
