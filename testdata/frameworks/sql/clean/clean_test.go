// Package clean queries a database, and finishes every transaction and closes every result and
// pool.
package clean

import (
	"context"
	"database/sql"
	"testing"
	"time"

	_ "example.com/frameworks/sql/fake"
)

func open(t *testing.T) (context.Context, *sql.DB) {
	t.Helper()
	db, err := sql.Open("fake", "")
	if err != nil {
		t.Fatal(err)
	}
	db.SetConnMaxLifetime(time.Minute)
	t.Cleanup(func() { db.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx, db
}

func TestQuery(t *testing.T) {
	ctx, db := open(t)
	rows, err := db.QueryContext(ctx, "select number from numbers")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var number int
		if err := rows.Scan(&number); err != nil || number != 1 {
			t.Errorf("got %d, %v", number, err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
}

func TestCommit(t *testing.T) {
	ctx, db := open(t)
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	var number int
	if err := tx.QueryRowContext(ctx, "select number from numbers").Scan(&number); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func TestParallel(t *testing.T) {
	for _, name := range []string{"one", "two", "three"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, db := open(t)
			if err := db.PingContext(ctx); err != nil {
				t.Fatal(err)
			}
		})
	}
}
