package checkout

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

// bank answers when it is open, with err.
type bank struct {
	open chan struct{}
	err  error
}

func (b *bank) Charge(string) error {
	<-b.open
	return b.err
}

// post sends a request straight to a handler and returns the status code.
func post(ctx context.Context, h http.HandlerFunc, url string) int {
	w := httptest.NewRecorder()
	h(w, httptest.NewRequest(http.MethodPost, url, nil).WithContext(ctx))
	return w.Code
}

// gone is the context of a customer who does not wait for the answer.
func gone() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// TestPay pays in three ways. Only its last subtest leaks.
func TestPay(t *testing.T) {
	t.Parallel()
	t.Run("paid", func(t *testing.T) {
		t.Parallel()
		b := &bank{open: make(chan struct{})}
		close(b.open)
		till := &Till{Bank: b}
		if code := post(context.Background(), till.Pay, "/pay?order=7"); code != http.StatusCreated {
			t.Errorf("got %d", code)
		}
	})
	t.Run("declined", func(t *testing.T) {
		t.Parallel()
		b := &bank{open: make(chan struct{}), err: errors.New("no money")}
		close(b.open)
		till := &Till{Bank: b}
		if code := post(context.Background(), till.Pay, "/pay?order=7"); code != http.StatusPaymentRequired {
			t.Errorf("got %d", code)
		}
	})
	t.Run("bank is slow", func(t *testing.T) {
		t.Parallel()
		b := &bank{open: make(chan struct{})}
		defer close(b.open) // it answers in the end, but too late
		till := &Till{Bank: b}
		for i := 0; i < 3; i++ {
			if code := post(gone(), till.Pay, "/pay?order=7"); code != http.StatusGatewayTimeout {
				t.Errorf("got %d", code)
			}
		}
	})
}

// TestPayTwice leaks in the same place as TestPay, but is named separately.
func TestPayTwice(t *testing.T) {
	t.Parallel()
	b := &bank{open: make(chan struct{})}
	till := &Till{Bank: b}
	for i := 0; i < 2; i++ {
		if code := post(gone(), till.Pay, "/pay?order=8"); code != http.StatusGatewayTimeout {
			t.Errorf("got %d", code)
		}
	}
	close(b.open)
	if code := post(context.Background(), till.Pay, "/pay?order=8"); code != http.StatusCreated {
		t.Errorf("got %d", code)
	}
}

// TestPayFixed leaks nothing.
func TestPayFixed(t *testing.T) {
	t.Parallel()
	b := &bank{open: make(chan struct{})}
	defer close(b.open)
	till := &Till{Bank: b}
	for i := 0; i < 3; i++ {
		if code := post(gone(), till.PayFixed, "/pay?order=9"); code != http.StatusGatewayTimeout {
			t.Errorf("got %d", code)
		}
	}
}

// TestReserve leaks nothing: no item is sold out.
func TestReserve(t *testing.T) {
	t.Parallel()
	stock := NewStock(map[string]int{"lamp": 2})
	for i := 0; i < 2; i++ {
		if code := post(context.Background(), stock.Reserve, "/reserve?item=lamp"); code != http.StatusCreated {
			t.Errorf("got %d", code)
		}
	}
}

// TestReserveSoldOut leaks every customer after the first.
func TestReserveSoldOut(t *testing.T) {
	t.Parallel()
	stock := NewStock(map[string]int{"book": 10})
	if code := post(context.Background(), stock.Reserve, "/reserve?item=lamp"); code != http.StatusConflict {
		t.Errorf("got %d", code)
	}
	for i := 0; i < 4; i++ {
		go post(context.Background(), stock.Reserve, "/reserve?item=book")
	}
}

// TestReserveSoldOutFixed leaks nothing.
func TestReserveSoldOutFixed(t *testing.T) {
	t.Parallel()
	stock := NewStock(map[string]int{"book": 10})
	if code := post(context.Background(), stock.ReserveFixed, "/reserve?item=lamp"); code != http.StatusConflict {
		t.Errorf("got %d", code)
	}
	for i := 0; i < 4; i++ {
		go post(context.Background(), stock.ReserveFixed, "/reserve?item=book")
	}
}
