// Package causes has tests that open stores in many ways, and mostly forget to shut them down.
package causes

// Store has two goroutines: one that Open starts, and one that this one starts.
type Store struct{ stop chan struct{} }

// Open starts a store.
func Open() *Store {
	s := &Store{stop: make(chan struct{})}
	go s.run()
	return s
}

func (s *Store) run() {
	go s.flush()
	<-s.stop
}

func (s *Store) flush() { <-s.stop }

// Shutdown ends both goroutines.
func (s *Store) Shutdown() { close(s.stop) }

// Warm starts workers that nobody can end.
func Warm(workers int) {
	jobs := make(chan int)
	for i := 0; i < workers; i++ {
		go work(jobs)
	}
}

func work(jobs chan int) {
	for range jobs {
	}
}

// Count opens a store and forgets it.
//
//go:noinline
func Count() int {
	s := Open()
	return cap(s.stop)
}
