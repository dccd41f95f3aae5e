// Package group begins goroutines for others, as error groups do.
package group

// Go runs a function in a goroutine.
func Go(run func()) {
	go func() { run() }()
}
