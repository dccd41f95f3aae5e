// Package alike keeps its lock while it waits for something else.
package alike

import (
	"sync"
)

// Cache keeps values.
type Cache struct {
	mu     sync.Mutex
	values map[string]string
}

// Fill takes values from a channel until it is closed.
func (c *Cache) Fill(values <-chan string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for value := range values {
		c.values[value] = value
	}
}

// Refresh reads all values again.
func (c *Cache) Refresh() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.values)
}
