// Package leak does not close the body of a response.
package leak

import (
	"net/http"
)

// Ping asks a server whether it is there.
func Ping(client *http.Client, url string) (int, error) {
	response, err := client.Get(url)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, nil
}
