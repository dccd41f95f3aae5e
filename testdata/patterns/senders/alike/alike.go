// Package alike takes all answers, but returns at the first that is wrong.
package alike

import (
	"errors"
)

// All asks all replicas and takes all answers.
func All(replicas []string) ([]string, error) {
	answers := make(chan string)
	for _, replica := range replicas {
		go func() {
			answers <- replica
		}()
	}
	var all []string
	for range replicas {
		answer := <-answers
		if answer == "" {
			return nil, errors.New("no answer")
		}
		all = append(all, answer)
	}
	return all, nil
}
