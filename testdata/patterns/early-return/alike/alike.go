// Package alike hands its channel to a caller who does not receive.
package alike

import (
	"errors"
)

// Load loads in the background.
func Load(name string) (<-chan string, error) {
	loaded := make(chan string)
	if name == "" {
		return nil, errors.New("no name")
	}
	go func() {
		loaded <- "contents of " + name
	}()
	return loaded, nil
}
