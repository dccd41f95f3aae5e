// Package leak starts a goroutine for each message, however many there are.
package leak

// Consume handles each message in a goroutine.
func Consume(messages <-chan string, handle func(string)) {
	for message := range messages {
		go handleOne(message, handle)
	}
}

func handleOne(message string, handle func(string)) {
	handle(message)
}
