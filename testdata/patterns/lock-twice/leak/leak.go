// Package leak locks a mutex that its caller has locked.
package leak

import (
	"sync"
)

// Counter counts by name.
type Counter struct {
	mu     sync.Mutex
	counts map[string]int
}

// Add adds one and returns how often that happened.
func (c *Counter) Add(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = make(map[string]int)
	}
	c.counts[name]++
	return c.Count(name)
}

// Count returns how often a name was added.
func (c *Counter) Count(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[name]
}
