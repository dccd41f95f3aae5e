package leak

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestPing(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write(make([]byte, 1<<20))
	}))
	t.Cleanup(server.CloseClientConnections)
	if _, err := Ping(&http.Client{Transport: &http.Transport{}}, server.URL); err != nil {
		t.Error(err)
	}
}
