// Package offers asks several shops for a price.
package offers

// First returns the price that the first shop to answer asks for.
func First(shops ...func() int) int {
	prices := make(chan int)
	for _, shop := range shops {
		go func(ask func() int) {
			// LEAK: only the first shop's price is received.
			prices <- ask()
		}(shop)
	}
	return <-prices
}

// FirstFixed is First without the leak.
func FirstFixed(shops ...func() int) int {
	prices := make(chan int, len(shops)) // FIX: room for every price.
	for _, shop := range shops {
		go func(ask func() int) {
			prices <- ask()
		}(shop)
	}
	return <-prices
}
