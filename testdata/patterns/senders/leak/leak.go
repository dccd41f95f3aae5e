// Package leak takes the first of several answers.
package leak

// First asks all replicas and takes the answer that is there first.
func First(replicas []string) string {
	answers := make(chan string)
	for _, replica := range replicas {
		go func() {
			answers <- "answer of " + replica
		}()
	}
	return <-answers
}
