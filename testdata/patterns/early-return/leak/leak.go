// Package leak returns before it receives.
package leak

import (
	"errors"
)

// Load loads in the background, and gives up early when there is no name.
func Load(name string) (string, error) {
	loaded := make(chan string)
	go func() {
		loaded <- "contents of " + name
	}()
	if name == "" {
		return "", errors.New("no name")
	}
	return <-loaded, nil
}
