package checkout

import (
	"net/http"
	"sync"
)

// Stock knows how many of each item are left.
type Stock struct {
	mu   sync.Mutex
	left map[string]int
}

// NewStock returns a stock that owns left.
func NewStock(left map[string]int) *Stock {
	return &Stock{left: left}
}

// Reserve takes one item, and responds with 409 when none is left.
func (s *Stock) Reserve(w http.ResponseWriter, r *http.Request) {
	item := r.FormValue("item")
	s.mu.Lock()
	if s.left[item] == 0 {
		// LEAK: this return keeps the lock, and each later request waits
		// for it forever.
		http.Error(w, "sold out", http.StatusConflict)
		return
	}
	s.left[item]--
	s.mu.Unlock()
	w.WriteHeader(http.StatusCreated)
}

// ReserveFixed is Reserve without the leak.
func (s *Stock) ReserveFixed(w http.ResponseWriter, r *http.Request) {
	item := r.FormValue("item")
	s.mu.Lock()
	defer s.mu.Unlock() // FIX: every return releases the lock.
	if s.left[item] == 0 {
		http.Error(w, "sold out", http.StatusConflict)
		return
	}
	s.left[item]--
	w.WriteHeader(http.StatusCreated)
}
