// Package leaky queries a database, and one test does not close its pool.
package leaky

import (
	"database/sql"
	"testing"

	_ "example.com/frameworks/sql/fake"
)

func open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("fake", "")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func query(t *testing.T, db *sql.DB) {
	t.Helper()
	var number int
	if err := db.QueryRow("select number from numbers").Scan(&number); err != nil || number != 1 {
		t.Errorf("got %d, %v", number, err)
	}
}

func TestCloses(t *testing.T) {
	db := open(t)
	defer db.Close()
	query(t, db)
}

func TestForgetsToClose(t *testing.T) { query(t, open(t)) }

func TestClosesInCleanup(t *testing.T) {
	db := open(t)
	t.Cleanup(func() { db.Close() })
	query(t, db)
}
