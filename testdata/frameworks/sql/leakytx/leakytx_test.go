// Package leakytx runs transactions, and one test finishes its own neither by Commit nor by
// Rollback.
package leakytx

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

func begin(t *testing.T) *sql.Tx {
	t.Helper()
	db := open(t)
	t.Cleanup(func() { db.Close() })
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	var number int
	if err := tx.QueryRow("select number from numbers").Scan(&number); err != nil || number != 1 {
		t.Errorf("got %d, %v", number, err)
	}
	return tx
}

func TestCommits(t *testing.T) {
	if err := begin(t).Commit(); err != nil {
		t.Error(err)
	}
}

func TestForgetsToFinish(t *testing.T) { begin(t) }

func TestRollsBack(t *testing.T) {
	if err := begin(t).Rollback(); err != nil {
		t.Error(err)
	}
}
