// Package alike opens a pool for its caller, and the test does not close it.
package alike

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

// Open opens a database.
func Open() (*sql.DB, error) {
	db := sql.OpenDB(connector{})
	db.SetMaxOpenConns(1)
	return db, nil
}

type connector struct{}

func (connector) Connect(context.Context) (driver.Conn, error) { return nil, driver.ErrBadConn }
func (connector) Driver() driver.Driver                        { return nil }
