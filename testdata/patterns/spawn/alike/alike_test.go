package alike

import (
	"testing"
)

func TestConsume(t *testing.T) {
	messages := make(chan string, 100)
	for range cap(messages) {
		messages <- "a"
	}
	close(messages)
	Consume(messages, func(string) { select {} })
}
