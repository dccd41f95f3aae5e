// Program dumps waits in every way there is, and writes what Go says about it.
//
//	dumps pair DIR      before-* and after-*: one process in every form, with a leak between
//	dumps forms DIR     debug2.txt only
//	dumps labels DIR    labels.txt: goroutines with pprof labels
//	dumps leaked DIR    leaked.txt: the goroutineleak profile at debug=2
//	dumps panic         a panic, which ends the process with a dump of all goroutines
//	dumps quit|threads  SIGQUIT to itself, the same; threads has goroutines that run and that are in system calls
//	dumps coroutine     SIGQUIT to itself while a goroutine of iter.Pull waits in user code (Go 1.23 and later)
//	dumps deep          a panic with one goroutine of 300 frames
package main

import (
	"context"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"
)

type queue[T any] struct{ items chan T }

func (q *queue[T]) drain() {
	for range q.items {
	}
}

func send(to chan<- int)      { to <- 1 }
func receive(from <-chan int) { <-from }
func choose(one, other <-chan int) {
	select {
	case <-one:
	case <-other:
	}
}
func forever()                      { select {} }
func lock(mutex *sync.Mutex)        { mutex.Lock() }
func readLock(mutex *sync.RWMutex)  { mutex.RLock() }
func writeLock(mutex *sync.RWMutex) { mutex.Lock() }
func wait(group *sync.WaitGroup)    { group.Wait() }
func hear(cond *sync.Cond)          { cond.L.Lock(); cond.Wait() }
func sleep()                        { time.Sleep(time.Hour) }
func accept(listener net.Listener)  { _, _ = listener.Accept() }
func read(pipe *os.File)            { _, _ = pipe.Read(make([]byte, 1)) }

type held struct {
	mutex sync.Mutex
	both  sync.RWMutex
	group sync.WaitGroup
	jobs  chan int
	// Kept, so that no cleanup runs while a dump is taken.
	kept any
}

func newHeld() *held {
	h := &held{jobs: make(chan int)}
	h.mutex.Lock()
	h.both.Lock()
	h.group.Add(1)
	return h
}

// start starts a goroutine for each way of waiting: 15.
func (h *held) start() {
	go send(make(chan int))
	go send(nil)
	go receive(make(chan int))
	go receive(nil)
	go choose(make(chan int), make(chan int))
	go forever()
	go lock(&h.mutex)
	go readLock(&h.both)
	go writeLock(&h.both)
	go wait(&h.group)
	go hear(sync.NewCond(new(sync.Mutex)))
	go sleep()
	go (&queue[string]{make(chan string)}).drain()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go accept(listener)
	reader, writer, err := os.Pipe()
	check(err)
	h.kept = writer
	go read(reader)
}

// leak starts 3 senders, 2 drains and 4 that wait for a lock.
func (h *held) leak() {
	for i := 0; i < 3; i++ {
		go send(h.jobs)
	}
	for i := 0; i < 2; i++ {
		go func() { (&queue[int]{make(chan int)}).drain() }()
	}
	for i := 0; i < 4; i++ {
		go lock(&h.mutex)
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func profile(name string, debug int, path string) {
	file, err := os.Create(path)
	check(err)
	check(pprof.Lookup(name).WriteTo(file, debug))
	check(file.Close())
}

// capture writes each form of the goroutine profile.
func capture(directory, side string) {
	time.Sleep(200 * time.Millisecond)
	at := func(name string) string { return filepath.Join(directory, side+"-"+name) }
	profile("goroutine", 0, at("debug0.pb.gz"))
	profile("goroutine", 1, at("debug1.txt"))
	profile("goroutine", 2, at("debug2.txt"))
	buffer := make([]byte, 1<<20)
	check(os.WriteFile(at("stack.txt"), buffer[:runtime.Stack(buffer, true)], 0o644))
}

func deep(depth int) {
	if depth == 0 {
		select {}
	}
	deep(depth - 1)
}

func labelled(directory string) {
	labels := pprof.Labels("leakgate.test", "TestA/b c", "quote", "a\"]:\n\u00e9")
	pprof.Do(context.Background(), labels, func(context.Context) {
		go receive(make(chan int))
	})
	pprof.Do(context.Background(), pprof.Labels("plain", "yes"), func(context.Context) {
		go receive(make(chan int))
	})
	time.Sleep(100 * time.Millisecond)
	profile("goroutine", 2, filepath.Join(directory, "labels.txt"))
}

func main() {
	var h *held
	switch os.Args[1] {
	case "pair":
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGUSR1)
		h = newHeld()
		h.start()
		capture(os.Args[2], "before")
		h.leak()
		capture(os.Args[2], "after")
	case "forms":
		h = newHeld()
		h.start()
		time.Sleep(200 * time.Millisecond)
		profile("goroutine", 2, filepath.Join(os.Args[2], "debug2.txt"))
	case "labels":
		labelled(os.Args[2])
	case "leaked":
		go send(make(chan int))
		go lock(func() *sync.Mutex { m := new(sync.Mutex); m.Lock(); return m }())
		go sleep()
		time.Sleep(100 * time.Millisecond)
		profile("goroutineleak", 2, filepath.Join(os.Args[2], "leaked.txt"))
	case "panic":
		h = newHeld()
		h.start()
		time.Sleep(200 * time.Millisecond)
		panic("on purpose")
	case "quit":
		h = newHeld()
		h.start()
		time.Sleep(200 * time.Millisecond)
		check(syscall.Kill(os.Getpid(), syscall.SIGQUIT))
		time.Sleep(time.Hour)
	case "coroutine":
		coroutine()
		time.Sleep(200 * time.Millisecond)
		check(syscall.Kill(os.Getpid(), syscall.SIGQUIT))
		time.Sleep(time.Hour)
	case "deep":
		go deep(300)
		time.Sleep(200 * time.Millisecond)
		panic("on purpose")
	case "threads":
		go spin()
		go spin()
		go readRaw()
		go readRaw()
		for i := 0; i < 3; i++ {
			go send(make(chan int))
		}
		time.Sleep(200 * time.Millisecond)
		check(syscall.Kill(os.Getpid(), syscall.SIGQUIT))
		time.Sleep(time.Hour)
	}
	runtime.KeepAlive(h)
}

// coroutine starts a goroutine with iter.Pull; coroutine.go sets it where Go has that.
var coroutine func()

func spin() {
	for {
	}
}

// readRaw waits in a system call, and so on a thread of its own.
func readRaw() {
	var pipe [2]int
	check(syscall.Pipe(pipe[:]))
	_, _ = syscall.Read(pipe[0], make([]byte, 1))
}
