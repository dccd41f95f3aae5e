package alike

import (
	"context"
	"testing"
	"time"
)

func TestFetch(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if _, err := Fetch(ctx); err == nil {
		t.Error("no error")
	}
}
