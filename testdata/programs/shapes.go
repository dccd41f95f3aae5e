package main

import (
	"context"
	"runtime/pprof"
	"sync"

	lib "example.com/leaks/lib.v2"
	"example.com/leaks/pool"
)

// genericWorker: workers of two type arguments, two of int and three of
// string, that are never stopped.
func genericWorker() {
	for i := 0; i < 2; i++ {
		pool.Start(func(n int) { query(n) })
	}
	for i := 0; i < 3; i++ {
		pool.Start(func(s string) { query(len(s)) })
	}
}

// genericWorkerClean: they are stopped.
func genericWorkerClean() {
	for i := 0; i < 2; i++ {
		pool.Start(func(n int) { query(n) }).Stop()
	}
	for i := 0; i < 3; i++ {
		pool.Start(func(s string) { query(len(s)) }).Stop()
	}
}

// dottedPackage: four loggers of a package whose path ends in ".v2", never
// closed.
func dottedPackage() {
	for i := 0; i < 4; i++ {
		lib.New().Log("started")
	}
}

// dottedPackageClean: they are closed.
func dottedPackageClean() {
	for i := 0; i < 4; i++ {
		l := lib.New()
		l.Log("started")
		l.Close()
	}
}

// descend walks down n levels and waits there.
func descend(n int, answer <-chan int) int {
	if n == 0 {
		return <-answer
	}
	return 1 + descend(n-1, answer)
}

// deepRecursion: three goroutines wait 200 calls deep for an answer that
// never comes. Their entry function is beyond what a profile keeps.
func deepRecursion() {
	answer := make(chan int)
	for i := 0; i < 3; i++ {
		go func() {
			descend(200, answer)
		}()
	}
}

// deepRecursionClean: the answer comes.
func deepRecursionClean() {
	answer := make(chan int)
	for i := 0; i < 3; i++ {
		go func() {
			descend(200, answer)
		}()
	}
	close(answer)
}

// waitForJob takes one job.
func waitForJob(jobs <-chan int) {
	query(<-jobs)
}

// startLabelled starts three goroutines in the name of one test, two in the
// name of another and one without a name, all with the same stack.
func startLabelled(jobs <-chan int) {
	start := func(n int) {
		for i := 0; i < n; i++ {
			go waitForJob(jobs)
		}
	}
	ctx := context.Background()
	pprof.Do(ctx, pprof.Labels("leakgate.test", "TestAlpha"), func(context.Context) { start(3) })
	pprof.Do(ctx, pprof.Labels("leakgate.test", "TestBeta"), func(context.Context) { start(2) })
	start(1)
}

// labelled: there is no job, so all six wait.
func labelled() {
	startLabelled(make(chan int))
}

// labelledClean: each gets its job.
func labelledClean() {
	jobs := make(chan int)
	startLabelled(jobs)
	var wg sync.WaitGroup
	for i := 0; i < 6; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			jobs <- 1
		}()
	}
	wg.Wait()
}
