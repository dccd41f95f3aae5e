package worker

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// get sends a request straight to a handler and returns the answer.
func get(h http.HandlerFunc, url string) string {
	w := httptest.NewRecorder()
	h(w, httptest.NewRequest(http.MethodGet, url, nil))
	return w.Body.String()
}

// TestPool leaks nothing.
func TestPool(t *testing.T) {
	t.Parallel()
	pool := NewPool(3)
	defer pool.Close()
	if n := shrink(pool, make([]string, 20)); n != 20 {
		t.Errorf("made %d of 20", n)
	}
}

// TestThumbs leaks four workers for each request; both of its subtests send
// one.
func TestThumbs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, url, want string }{
		{"one item", "/thumbs?item=lamp", "1\n"},
		{"two items", "/thumbs?item=lamp&item=book", "2\n"},
	} {
		test := test // before Go 1.22 all iterations share one
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := get(Thumbs, test.url); got != test.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestThumbsFixed leaks nothing.
func TestThumbsFixed(t *testing.T) {
	t.Parallel()
	if got := get(ThumbsFixed, "/thumbs?item=lamp&item=book"); got != "2\n" {
		t.Errorf("got %q", got)
	}
}
