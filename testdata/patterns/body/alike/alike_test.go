package alike

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestPing(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	if _, err := Ping(&http.Client{Transport: &http.Transport{}}, server.URL); err != nil {
		t.Error(err)
	}
}
