// Package alike closes the body of a response; the connection is kept for the next request.
package alike

import (
	"io"
	"net/http"
)

// Ping asks a server whether it is there.
func Ping(client *http.Client, url string) (int, error) {
	response, err := client.Get(url)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}
