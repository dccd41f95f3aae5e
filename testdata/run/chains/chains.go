// Package chains has tests whose chains of calls are hard to read.
package chains

// Queue has a goroutine that ends when it is closed.
type Queue struct{ stop chan struct{} }

// New is short, so that the compiler puts it into its callers.
func New() *Queue { return start() }

//go:noinline
func start() *Queue {
	q := &Queue{stop: make(chan struct{})}
	go q.run()
	return q
}

func (q *Queue) run() { <-q.stop }

// Pair starts two closures, which share an id.
func Pair() {
	wait := make(chan struct{})
	for i := 0; i < 3; i++ {
		go func() { <-wait }()
	}
	go func() {
		for range wait {
		}
	}()
}
