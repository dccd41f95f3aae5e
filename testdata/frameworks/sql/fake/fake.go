// Package fake is a database driver for the tests beside it: each query has one row with one
// number.
package fake

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
)

func init() { sql.Register("fake", fake{}) }

// fake is a driver, a connection, a statement, a transaction and its result in one, as none has
// a state.
type fake struct{}

func (fake) Open(string) (driver.Conn, error)           { return fake{}, nil }
func (fake) Prepare(string) (driver.Stmt, error)        { return fake{}, nil }
func (fake) Begin() (driver.Tx, error)                  { return fake{}, nil }
func (fake) Commit() error                              { return nil }
func (fake) Rollback() error                            { return nil }
func (fake) Close() error                               { return nil }
func (fake) NumInput() int                              { return 0 }
func (fake) Query([]driver.Value) (driver.Rows, error)  { return &rows{}, nil }
func (fake) Exec([]driver.Value) (driver.Result, error) { return nil, errors.New("only queries") }

type rows struct{ read bool }

func (*rows) Columns() []string { return []string{"number"} }
func (*rows) Close() error      { return nil }

func (r *rows) Next(values []driver.Value) error {
	if r.read {
		return io.EOF
	}
	r.read, values[0] = true, int64(1)
	return nil
}
