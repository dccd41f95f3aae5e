package shop

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"example.com/leaky/catalog"
)

// bank answers when it is open.
type bank chan struct{}

func (b bank) Charge(string) error {
	<-b
	return nil
}

// open starts a shop and returns its server.
func open(t *testing.T, b bank) *httptest.Server {
	shop := New(map[string]int{"lamp": 1}, func() map[string]int {
		return map[string]int{"lamp": 4900}
	}, b)
	t.Cleanup(shop.Close)
	server := httptest.NewServer(shop)
	t.Cleanup(server.Close)
	return server
}

// TestShop visits every page, over the network.
func TestShop(t *testing.T) {
	t.Parallel()
	b := make(bank)
	close(b)
	server := open(t, b)
	for _, visit := range []struct {
		name, path string
		code       int
	}{
		{"price", "/price?item=lamp", http.StatusOK},
		{"no price", "/price?item=sofa", http.StatusNotFound},
		{"reserve", "/reserve?item=lamp", http.StatusCreated},
		{"sold out", "/reserve?item=lamp", http.StatusConflict},
		{"still sold out", "/reserve?item=lamp", http.StatusConflict},
		{"pay", "/pay?order=7", http.StatusCreated},
		{"thumbs", "/thumbs?item=lamp", http.StatusOK},
	} {
		t.Run(visit.name, func(t *testing.T) {
			resp, err := server.Client().Get(server.URL + visit.path)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				t.Error(err)
			}
			if resp.StatusCode != visit.code {
				t.Errorf("got %s", resp.Status)
			}
		})
	}
}

// TestSupplier asks one shop for the prices of another.
func TestSupplier(t *testing.T) {
	t.Parallel()
	server := open(t, nil)
	supplier := &catalog.Supplier{URL: server.URL, Client: server.Client()}
	if _, err := supplier.PriceFixed("sofa"); err == nil {
		t.Error("a sofa has a price")
	}
}

// TestSlowBank does not wait for the bank, which answers all the same.
func TestSlowBank(t *testing.T) {
	t.Parallel()
	b := make(bank)
	defer close(b)
	server := open(t, b)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := httptest.NewRecorder()
	server.Config.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/pay?order=7", nil).WithContext(ctx))
	if w.Code != http.StatusGatewayTimeout {
		t.Errorf("got %d", w.Code)
	}
}
