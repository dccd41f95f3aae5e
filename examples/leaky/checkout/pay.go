// Package checkout takes orders: it reserves what is ordered and has the bank
// charge for it.
package checkout

import "net/http"

// Bank charges for orders. It may take long.
type Bank interface {
	Charge(order string) error
}

// Till answers requests to pay.
type Till struct {
	Bank Bank
}

// Pay charges for an order, and responds with 504 when the request ends before
// the bank has answered.
func (t *Till) Pay(w http.ResponseWriter, r *http.Request) {
	order := r.FormValue("order")
	charged := make(chan error)
	go func() {
		// LEAK: once the handler has returned nobody receives, and this
		// goroutine waits to send forever.
		charged <- t.Bank.Charge(order)
	}()
	select {
	case err := <-charged:
		answer(w, err)
	case <-r.Context().Done():
		http.Error(w, "the bank is slow", http.StatusGatewayTimeout)
	}
}

// PayFixed is Pay without the leak.
func (t *Till) PayFixed(w http.ResponseWriter, r *http.Request) {
	order := r.FormValue("order")
	// FIX: with room for one, the goroutine can send whether or not somebody
	// receives.
	charged := make(chan error, 1)
	go func() {
		charged <- t.Bank.Charge(order)
	}()
	select {
	case err := <-charged:
		answer(w, err)
	case <-r.Context().Done():
		http.Error(w, "the bank is slow", http.StatusGatewayTimeout)
	}
}

func answer(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusPaymentRequired)
		return
	}
	w.WriteHeader(http.StatusCreated)
}
