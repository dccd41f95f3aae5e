// Package leak returns with its lock locked.
package leak

import (
	"sync"
)

// Cache keeps values.
type Cache struct {
	mu     sync.Mutex
	values map[string]string
}

// Get returns a value.
func (c *Cache) Get(name string) (string, bool) {
	c.mu.Lock()
	value, ok := c.values[name]
	if !ok {
		return "", false
	}
	c.mu.Unlock()
	return value, true
}

// Refresh reads all values again.
func (c *Cache) Refresh() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.values)
}
