// Package parallel has a helper that several tests use and that some of them
// forget to stop.
package parallel

// Watch starts n goroutines that wait for events until stop is called.
func Watch(n int) (stop func()) {
	events := make(chan int)
	for i := 0; i < n; i++ {
		go watch(events)
	}
	return func() { close(events) }
}

func watch(events <-chan int) {
	seen := 0
	for e := range events {
		seen += e
	}
}
