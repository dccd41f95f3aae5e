package catalog

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// supplier starts a web service that sells lamps and nothing else.
func supplier(t *testing.T) *Supplier {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/price/lamp" {
			http.Error(w, "we do not sell this", http.StatusNotFound)
			return
		}
		io.WriteString(w, "4900\n")
	}))
	t.Cleanup(server.Close)
	return &Supplier{URL: server.URL, Client: server.Client()}
}

// TestPrice leaks nothing: the body of a good answer is closed.
func TestPrice(t *testing.T) {
	cents, err := supplier(t).Price("lamp")
	if err != nil || cents != 4900 {
		t.Errorf("got %d, %v", cents, err)
	}
}

// TestPriceUnknown leaks two goroutines for each of three items.
func TestPriceUnknown(t *testing.T) {
	s := supplier(t)
	for _, item := range []string{"sofa", "desk", "vase"} {
		if _, err := s.Price(item); err == nil {
			t.Errorf("%s has a price", item)
		}
	}
}

// TestPriceUnknownFixed leaks nothing.
func TestPriceUnknownFixed(t *testing.T) {
	s := supplier(t)
	for _, item := range []string{"sofa", "desk", "vase"} {
		if _, err := s.PriceFixed(item); err == nil {
			t.Errorf("%s has a price", item)
		}
	}
}

func load() map[string]int {
	return map[string]int{"lamp": 4900}
}

// TestCache leaks the refreshing of its cache.
func TestCache(t *testing.T) {
	cache := NewCache(load, time.Hour)
	if cents, ok := cache.Price("lamp"); !ok || cents != 4900 {
		t.Errorf("got %d, %v", cents, ok)
	}
}

// TestCacheFixed leaks nothing.
func TestCacheFixed(t *testing.T) {
	cache := NewCacheFixed(load, time.Hour)
	defer cache.Close()
	if cents, ok := cache.Price("lamp"); !ok || cents != 4900 {
		t.Errorf("got %d, %v", cents, ok)
	}
}
