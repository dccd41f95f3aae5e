// Package shop builds a web service from the fixed forms of the other
// packages. Nothing in it leaks.
package shop

import (
	"fmt"
	"net/http"
	"time"

	"example.com/leaky/catalog"
	"example.com/leaky/checkout"
	"example.com/leaky/worker"
)

// Shop is a web service. It must be closed.
type Shop struct {
	http.Handler
	prices *catalog.Cache
}

// New opens a shop that gets its prices from load and its money from bank.
func New(stock map[string]int, load func() map[string]int, bank checkout.Bank) *Shop {
	prices := catalog.NewCacheFixed(load, time.Minute)
	till := &checkout.Till{Bank: bank}
	mux := http.NewServeMux()
	mux.HandleFunc("/pay", till.PayFixed)
	mux.HandleFunc("/reserve", checkout.NewStock(stock).ReserveFixed)
	mux.HandleFunc("/thumbs", worker.ThumbsFixed)
	mux.HandleFunc("/price", func(w http.ResponseWriter, r *http.Request) {
		cents, ok := prices.Price(r.FormValue("item"))
		if !ok {
			http.Error(w, "no such item", http.StatusNotFound)
			return
		}
		fmt.Fprintln(w, cents)
	})
	return &Shop{Handler: mux, prices: prices}
}

// Close ends what the shop does in the background.
func (s *Shop) Close() {
	s.prices.Close()
}
