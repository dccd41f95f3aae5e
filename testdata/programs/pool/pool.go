// Package pool has a generic worker.
package pool

// A Worker hands each item that it gets to a function.
type Worker[T any] struct {
	items chan T
	do    func(T)
}

// Start starts a worker, which runs until Stop is called.
func Start[T any](do func(T)) *Worker[T] {
	w := &Worker[T]{items: make(chan T), do: do}
	go w.loop()
	return w
}

func (w *Worker[T]) loop() {
	for item := range w.items {
		w.do(item)
	}
}

// Stop ends the worker.
func (w *Worker[T]) Stop() {
	close(w.items)
}
