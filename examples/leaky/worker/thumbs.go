package worker

import (
	"fmt"
	"net/http"
	"sync"
)

// Thumbs makes a small picture of each item that the request names, four at a
// time, and responds with how many there are.
func Thumbs(w http.ResponseWriter, r *http.Request) {
	// LEAK: nobody closes the pool, so each request leaves four workers that
	// wait for a job forever.
	pool := NewPool(4)
	fmt.Fprintln(w, shrink(pool, r.URL.Query()["item"]))
}

// ThumbsFixed is Thumbs without the leak.
func ThumbsFixed(w http.ResponseWriter, r *http.Request) {
	pool := NewPool(4)
	defer pool.Close() // FIX: who starts the workers ends them.
	fmt.Fprintln(w, shrink(pool, r.URL.Query()["item"]))
}

// shrink returns how many pictures it made smaller.
func shrink(pool *Pool, items []string) int {
	var (
		mu   sync.Mutex
		done int
		all  sync.WaitGroup
	)
	all.Add(len(items))
	for range items {
		pool.Do(func() {
			defer all.Done()
			mu.Lock()
			defer mu.Unlock()
			done++
		})
	}
	all.Wait()
	return done
}
