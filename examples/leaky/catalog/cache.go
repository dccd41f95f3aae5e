package catalog

import (
	"sync"
	"time"
)

// Cache holds prices and reloads them from time to time.
type Cache struct {
	load func() map[string]int
	stop chan struct{}

	mu     sync.RWMutex
	prices map[string]int
}

// NewCache loads the prices now and then every so often.
func NewCache(load func() map[string]int, every time.Duration) *Cache {
	c := &Cache{load: load, prices: load()}
	go c.refresh(every)
	return c
}

func (c *Cache) refresh(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	// LEAK: the loop has no end, even when nobody needs the cache any more.
	for range ticker.C {
		c.reload()
	}
}

// NewCacheFixed is NewCache without the leak: Close ends it.
func NewCacheFixed(load func() map[string]int, every time.Duration) *Cache {
	c := &Cache{load: load, prices: load(), stop: make(chan struct{})}
	go c.refreshFixed(every)
	return c
}

func (c *Cache) refreshFixed(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			c.reload()
		case <-c.stop: // FIX: Close gets here.
			return
		}
	}
}

// Close ends the refreshing of a cache that NewCacheFixed made.
func (c *Cache) Close() {
	close(c.stop)
}

func (c *Cache) reload() {
	prices := c.load()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.prices = prices
}

// Price returns the price of an item, in cents, and whether it has one.
func (c *Cache) Price(item string) (int, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	cents, ok := c.prices[item]
	return cents, ok
}
