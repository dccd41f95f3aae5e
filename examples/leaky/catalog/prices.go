// Package catalog knows the prices of the shop's items.
package catalog

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Supplier asks a supplier's web service for prices.
type Supplier struct {
	URL    string
	Client *http.Client
}

// Price returns the price of an item, in cents.
func (s *Supplier) Price(item string) (int, error) {
	resp, err := s.Client.Get(s.URL + "/price/" + item)
	if err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK {
		// LEAK: the body is neither read nor closed, so the connection and
		// its two goroutines wait for that forever.
		return 0, fmt.Errorf("price of %s: %s", item, resp.Status)
	}
	defer resp.Body.Close()
	return parse(resp.Body)
}

// PriceFixed is Price without the leak.
func (s *Supplier) PriceFixed(item string) (int, error) {
	resp, err := s.Client.Get(s.URL + "/price/" + item)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close() // FIX: before the first return that follows.
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("price of %s: %s", item, resp.Status)
	}
	return parse(resp.Body)
}

func parse(body io.Reader) (int, error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}
