// Command leaks runs one well-known goroutine leak, or its clean twin, and
// records the goroutine profile before and after it.
//
//	leaks -list          print every name that can be run
//	leaks NAME DIR       run the leak NAME
//	leaks NAME-clean DIR run its clean twin
//
// DIR receives before.pb.gz and after.pb.gz and, where the runtime has a
// goroutineleak profile, proven.pb.gz.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"time"
)

// A scenario is one leak with its clean twin. setup, if set, runs before the
// first profile.
type scenario struct {
	name  string
	leaky func()
	clean func()
	setup func()
}

var scenarios = []scenario{
	{name: "send-abandoned", leaky: sendAbandoned, clean: sendAbandonedClean},
	{name: "receive-abandoned", leaky: receiveAbandoned, clean: receiveAbandonedClean},
	{name: "range-unclosed", leaky: rangeUnclosed, clean: rangeUnclosedClean},
	{name: "nil-channel", leaky: nilChannel, clean: nilChannelClean},
	{name: "select-no-exit", leaky: selectNoExit, clean: selectNoExitClean},
	{name: "select-forever", leaky: selectForever, clean: selectForeverClean},
	{name: "context-unwatched", leaky: contextUnwatched, clean: contextUnwatchedClean},
	{name: "loop-unbounded", leaky: loopUnbounded, clean: loopUnboundedClean},
	{name: "ticker-unstopped", leaky: tickerUnstopped, clean: tickerUnstoppedClean},
	{name: "time-after-loop", leaky: timeAfterLoop, clean: timeAfterLoopClean},
	{name: "sleep-loop", leaky: sleepLoop, clean: sleepLoopClean},
	{name: "mutex-unlocked", leaky: mutexUnlocked, clean: mutexUnlockedClean},
	{name: "rwmutex-reader", leaky: rwmutexReader, clean: rwmutexReaderClean},
	{name: "waitgroup-undone", leaky: waitgroupUndone, clean: waitgroupUndoneClean},
	{name: "cond-unsignalled", leaky: condUnsignalled, clean: condUnsignalledClean},
	{name: "once-blocked", leaky: onceBlocked, clean: onceBlockedClean},
	{name: "body-unclosed", leaky: bodyUnclosed, clean: bodyUnclosedClean, setup: startBackend},
	{name: "keep-alive-idle", leaky: keepAliveIdle, setup: startBackend},
	{name: "server-not-shutdown", leaky: serverNotShutdown, clean: serverNotShutdownClean},
	{name: "pipe-blocked", leaky: pipeBlocked, clean: pipeBlockedClean},
	{name: "os-pipe-read", leaky: osPipeRead, clean: osPipeReadClean},
	{name: "generic-worker", leaky: genericWorker, clean: genericWorkerClean},
	{name: "method-value", leaky: methodValue, clean: methodValueClean},
	{name: "closure-in-closure", leaky: closureInClosure, clean: closureInClosureClean},
	{name: "value-receiver-closure", leaky: valueReceiverClosure, clean: valueReceiverClosureClean},
	{name: "dotted-package", leaky: dottedPackage, clean: dottedPackageClean},
	{name: "deep-recursion", leaky: deepRecursion, clean: deepRecursionClean},
	{name: "labelled", leaky: labelled, clean: labelledClean},
}

func main() {
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 1 && args[0] == "-list":
		list()
	case len(args) == 1 && args[0] == backendFlag:
		err = serveBackend()
	case len(args) == 2:
		err = record(args[0], args[1])
	default:
		err = errors.New("usage: leaks -list | leaks NAME[-clean] DIR")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "leaks:", err)
		os.Exit(1)
	}
}

func list() {
	for _, s := range scenarios {
		fmt.Println(s.name)
		if s.clean != nil {
			fmt.Println(s.name + "-clean")
		}
	}
}

// find gives the function to run for a name of the list.
func find(name string) (run, setup func(), err error) {
	for _, s := range scenarios {
		switch {
		case name == s.name:
			return s.leaky, s.setup, nil
		case name == s.name+"-clean" && s.clean != nil:
			return s.clean, s.setup, nil
		}
	}
	return nil, nil, fmt.Errorf("no leak named %q, see leaks -list", name)
}

// record runs one scenario between two profiles.
func record(name, dir string) error {
	run, setup, err := find(name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}

	// Warm up, so that nothing which starts lazily counts as growth.
	if setup != nil {
		setup()
	}
	runtime.GC()
	if err := pprof.Lookup("goroutine").WriteTo(io.Discard, 0); err != nil {
		return err
	}
	settle()
	if err := write("goroutine", filepath.Join(dir, "before.pb.gz")); err != nil {
		return err
	}

	run()

	settle()
	if err := write("goroutine", filepath.Join(dir, "after.pb.gz")); err != nil {
		return err
	}
	if pprof.Lookup("goroutineleak") == nil {
		return nil
	}
	// The first leak profile of a process can miss what the second one finds.
	for i := 0; i < 2; i++ {
		if err := write("goroutineleak", filepath.Join(dir, "proven.pb.gz")); err != nil {
			return err
		}
	}
	return nil
}

// settle returns once the number of goroutines has stood still for 150 ms.
func settle() {
	const pause, quiet = 10 * time.Millisecond, 15
	last := runtime.NumGoroutine()
	for still := 0; still < quiet; {
		time.Sleep(pause)
		n := runtime.NumGoroutine()
		if n == last {
			still++
			continue
		}
		last, still = n, 0
	}
}

func write(profile, file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := pprof.Lookup(profile).WriteTo(f, 0); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// check ends the program: none of the leaks needs an error of its own.
func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "leaks:", err)
		os.Exit(1)
	}
}
