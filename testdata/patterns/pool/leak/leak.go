// Package leak opens a pool for one question.
package leak

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

// Version asks a database for its version.
func Version() (version string, err error) {
	db := sql.OpenDB(connector{})
	err = db.QueryRow("select version()").Scan(&version)
	return version, err
}

type connector struct{}

func (connector) Connect(context.Context) (driver.Conn, error) { return nil, driver.ErrBadConn }
func (connector) Driver() driver.Driver                        { return nil }
