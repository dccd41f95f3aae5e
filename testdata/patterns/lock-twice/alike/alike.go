// Package alike takes two locks, in another order than somebody else.
package alike

import (
	"sync"
	"time"
)

// Account is one of two.
type Account struct {
	mu     sync.Mutex
	amount int
}

// Move moves an amount.
func Move(from, to *Account, amount int) {
	from.mu.Lock()
	defer from.mu.Unlock()
	time.Sleep(10 * time.Millisecond)
	to.mu.Lock()
	defer to.mu.Unlock()
	from.amount -= amount
	to.amount += amount
}
