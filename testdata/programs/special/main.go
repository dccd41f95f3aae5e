// Command special writes profiles that are not a plain pair of goroutine
// profiles: other kinds, text forms, and what a net/http/pprof server gives.
//
//	special heap FILE         a heap profile
//	special cpu FILE          a CPU profile of half a second of work
//	special debug DIR         goroutine-debug1.txt and goroutine-debug2.txt
//	special select-main FILE  a goroutineleak profile with main in select{}
//	special serve             a net/http/pprof server; prints its address
//
// The server starts n goroutines at /start?n=N, and at /later?start=N&end=M,
// 400 ms after the request, ends M of these and starts N more.
package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sort"
	"strconv"
	"time"
)

func main() {
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 2 && args[0] == "heap":
		err = heap(args[1])
	case len(args) == 2 && args[0] == "cpu":
		err = cpu(args[1])
	case len(args) == 2 && args[0] == "debug":
		err = debug(args[1])
	case len(args) == 2 && args[0] == "select-main":
		selectMain(args[1])
	case len(args) == 1 && args[0] == "serve":
		err = serve()
	default:
		err = errors.New("usage: special heap|cpu|select-main FILE | special debug DIR | special serve")
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "special:", err)
	os.Exit(1)
}

func write(profile, file string, debug int) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := pprof.Lookup(profile).WriteTo(f, debug); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// kept is what the heap profile shows.
var kept [][]byte

func heap(file string) error {
	for i := 0; i < 64; i++ {
		kept = append(kept, make([]byte, 1<<20))
	}
	runtime.GC()
	return write("heap", file, 0)
}

func cpu(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); {
		sortSome()
	}
	pprof.StopCPUProfile()
	return f.Close()
}

func sortSome() {
	v := make([]int, 1<<12)
	for i := range v {
		v[i] = i * 7919 % len(v)
	}
	sort.Ints(v)
}

// jobs is what the goroutines of the server wait for.
var jobs = make(chan int)

func wait() { <-jobs }

func start(n int) {
	for i := 0; i < n; i++ {
		go wait()
	}
}

func debug(dir string) error {
	start(5)
	time.Sleep(100 * time.Millisecond)
	if err := write("goroutine", filepath.Join(dir, "goroutine-debug1.txt"), 1); err != nil {
		return err
	}
	return write("goroutine", filepath.Join(dir, "goroutine-debug2.txt"), 2)
}

func selectMain(file string) {
	lost := make(chan int)
	for i := 0; i < 3; i++ {
		go func() { lost <- 1 }()
	}
	go func() {
		time.Sleep(100 * time.Millisecond)
		for i := 0; i < 2; i++ {
			if err := write("goroutineleak", file, 0); err != nil {
				fail(err)
			}
		}
		os.Exit(0)
	}()
	select {}
}

func number(r *http.Request, key string) int {
	n, _ := strconv.Atoi(r.FormValue(key))
	return n
}

func serve() error {
	http.HandleFunc("/start", func(w http.ResponseWriter, r *http.Request) {
		start(number(r, "n"))
	})
	http.HandleFunc("/later", func(w http.ResponseWriter, r *http.Request) {
		more, fewer := number(r, "start"), number(r, "end")
		time.AfterFunc(400*time.Millisecond, func() {
			for i := 0; i < fewer; i++ {
				jobs <- i
			}
			for i := 0; i < more; i++ {
				go waitMore()
			}
		})
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", ln.Addr())
	return http.Serve(ln, nil)
}

func waitMore() { <-jobs }
