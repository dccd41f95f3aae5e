// Package alike starts a goroutine for each message, but never more than a few at a time.
package alike

// Consume handles each message in a goroutine.
func Consume(messages <-chan string, handle func(string)) {
	room := make(chan struct{}, 100)
	for message := range messages {
		room <- struct{}{}
		go handleOne(message, handle, room)
	}
}

func handleOne(message string, handle func(string), room <-chan struct{}) {
	handle(message)
	<-room
}
