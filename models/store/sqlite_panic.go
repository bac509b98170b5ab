package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"
	sqlite "github.com/ncruces/go-sqlite3/driver"
)

// sqliteMemory bounds what SQLite may take for one connection; five of them are 320 MiB. A statement takes the values
// that it is given once for itself and once for its row: with what is stored in parts (partBytes, and single values of
// a few MiB) some 20 MiB, beside 2 MiB of cached pages. Sorting and large results go to temporary files.
const sqliteMemory = 64 << 20

// openSurviving opens a pool whose connections survive panics of the driver. It panics at each allocation that fails,
// also for values that are too large. In the midst of database/sql that leaves locks behind which nobody gives back:
// the transaction could not even be rolled back, and its connection, which may be the only one that writes, would be in
// use for ever. Here a panic is an error, and the connection is closed and replaced.
func openSurviving(dsn string, told PanicReport) (*sql.DB, error) {
	connector, err := (&sqlite.SQLite{}).OpenConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(survivingConnector{connector, told}), nil
}

// PanicReport is told of a panic of SQLite's driver, with its stack. The connection is replaced.
type PanicReport func(cause any, stack []byte)

// surviving turns a panic into an error.
func (told PanicReport) surviving(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if told != nil {
				told(p, debug.Stack())
			}
			err = fmt.Errorf("panic of the SQLite driver: %v", p)
		}
	}()
	return f()
}

type survivingConnector struct {
	driver.Connector
	told PanicReport
}

// Connect is driver.Connector.
func (c survivingConnector) Connect(ctx context.Context) (conn driver.Conn, err error) {
	err = c.told.surviving(func() error {
		opened, err := c.Connector.Connect(sqlite3.WithMaxMemory(ctx, sqliteMemory))
		if err != nil {
			return err
		}
		conn = &survivingConn{conn: opened.(sqliteConn), told: c.told}
		// No plan depends on a value: else a statement with LIMIT ? is parsed anew for each.
		_, err = opened.(sqliteConn).Raw().Config(sqlite3.DBCONFIG_ENABLE_QPSG, true)
		return err
	})
	return conn, err
}

// sqliteConn, sqliteStmt and sqliteRows are what database/sql uses of the driver.
type (
	sqliteConn interface {
		sqlite.Conn
		driver.ExecerContext
		driver.NamedValueChecker
	}
	sqliteStmt interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
		driver.NamedValueChecker
	}
	sqliteRows interface {
		driver.Rows
		driver.RowsColumnTypeDatabaseTypeName
		driver.RowsColumnTypeNullable
		driver.RowsColumnTypeScanType
	}
)

// survivingConn is a connection until the driver panics in it; then all it does is close.
type survivingConn struct {
	conn   sqliteConn
	told   PanicReport
	broken bool
	kept   []*survivingStmt // prepared, and in nobody's use; the one used last is the last
}

// To parse a statement takes longer than to run it, so each connection keeps those that were closed. database/sql
// cannot: what was prepared in a transaction it prepares anew in the next. Callers choose how many owners and values a
// statement is about, and each number makes another one. A statement takes some ten times its text of its connection's
// memory, together 20 MiB of sqliteMemory.
const (
	maxPrepared      = 128
	maxPreparedBytes = 16 << 10 // of text: a list's of some ten owners; longer ones take longer to run than to prepare
)

var (
	_ sqliteConn       = (*survivingConn)(nil)
	_ driver.Validator = (*survivingConn)(nil)
)

func (c *survivingConn) do(f func() error) error {
	if c.broken {
		return driver.ErrBadConn
	}
	ended := false
	err := c.told.surviving(func() error {
		err := f()
		ended = true
		return err
	})
	c.broken = !ended
	return err
}

// IsValid is driver.Validator: the pool closes what is not valid and opens another.
func (c *survivingConn) IsValid() bool { return !c.broken }

// Raw is the driver's connection.
func (c *survivingConn) Raw() *sqlite3.Conn { return c.conn.Raw() }

// Close is driver.Conn. SQLite keeps a connection, and its locks, as long as there are statements of it; of a broken
// one database/sql may not know all.
func (c *survivingConn) Close() error {
	if !c.broken {
		return c.do(func() error {
			var errs []error
			for _, s := range c.kept {
				errs = append(errs, s.stmt.Close())
			}
			return errors.Join(append(errs, c.conn.Close())...)
		})
	}
	raw, errs := c.conn.Raw(), []error(nil)
	for _, stmt := range slices.Collect(raw.Stmts()) {
		errs = append(errs, c.told.surviving(stmt.Close))
	}
	return errors.Join(append(errs, c.told.surviving(raw.Close))...)
}

// BeginTx is driver.ConnBeginTx.
func (c *survivingConn) BeginTx(ctx context.Context, opts driver.TxOptions) (tx driver.Tx, err error) {
	err = c.do(func() error {
		begun, err := c.conn.BeginTx(ctx, opts)
		if err == nil {
			tx = &survivingTx{c, begun}
		}
		return err
	})
	return tx, err
}

// Begin is driver.Conn.
func (c *survivingConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// PrepareContext is driver.ConnPrepareContext.
func (c *survivingConn) PrepareContext(ctx context.Context, query string) (stmt driver.Stmt, err error) {
	if i := c.keeps(query); i >= 0 && !c.broken {
		stmt = c.kept[i]
		c.kept = slices.Delete(c.kept, i, i+1)
		return stmt, nil
	}
	err = c.do(func() error {
		prepared, err := c.conn.PrepareContext(ctx, query)
		if err == nil {
			stmt = &survivingStmt{c, prepared.(sqliteStmt), query}
		}
		return err
	})
	return stmt, err
}

// keeps finds a statement; -1: it is not kept.
func (c *survivingConn) keeps(query string) int {
	return slices.IndexFunc(c.kept, func(s *survivingStmt) bool { return s.query == query })
}

// keep keeps a statement that is closed, or closes it.
func (c *survivingConn) keep(s *survivingStmt) error {
	// Some pragmas do their work when they are parsed.
	if len(s.query) > maxPreparedBytes || c.keeps(s.query) >= 0 || strings.HasPrefix(s.query, "PRAGMA") {
		return s.stmt.Close()
	}
	c.kept = append(c.kept, s)
	if len(c.kept) <= maxPrepared {
		return nil
	}
	oldest := c.kept[0]
	c.kept = slices.Delete(c.kept, 0, 1)
	return oldest.stmt.Close()
}

// Prepare is driver.Conn.
func (c *survivingConn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// ExecContext is driver.ExecerContext.
func (c *survivingConn) ExecContext(
	ctx context.Context, query string, args []driver.NamedValue,
) (result driver.Result, err error) {
	err = c.do(func() (err error) {
		result, err = c.conn.ExecContext(ctx, query, args)
		return err
	})
	return result, err
}

// CheckNamedValue is driver.NamedValueChecker.
func (c *survivingConn) CheckNamedValue(arg *driver.NamedValue) error {
	return c.conn.CheckNamedValue(arg)
}

type survivingTx struct {
	conn *survivingConn
	tx   driver.Tx
}

// Commit is driver.Tx.
func (t *survivingTx) Commit() error { return t.conn.do(t.tx.Commit) }

// Rollback is driver.Tx. A broken connection rolls back as it closes.
func (t *survivingTx) Rollback() error { return t.conn.do(t.tx.Rollback) }

type survivingStmt struct {
	conn  *survivingConn
	stmt  sqliteStmt
	query string
}

var _ sqliteStmt = (*survivingStmt)(nil)

// Close is driver.Stmt.
func (s *survivingStmt) Close() error {
	return s.conn.do(func() error { return s.conn.keep(s) })
}

// NumInput is driver.Stmt: -1 is that nobody knows.
func (s *survivingStmt) NumInput() int {
	n := -1
	_ = s.conn.do(func() error {
		n = s.stmt.NumInput()
		return nil
	})
	return n
}

// ExecContext is driver.StmtExecContext.
func (s *survivingStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (result driver.Result, err error) {
	err = s.conn.do(func() (err error) {
		result, err = s.stmt.ExecContext(ctx, args)
		return err
	})
	return result, err
}

// QueryContext is driver.StmtQueryContext.
func (s *survivingStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = s.conn.do(func() error {
		found, err := s.stmt.QueryContext(ctx, args)
		if err == nil {
			rows = &survivingRows{s.conn, found.(sqliteRows)}
		}
		return err
	})
	return rows, err
}

// Exec is driver.Stmt; database/sql calls ExecContext.
func (s *survivingStmt) Exec([]driver.Value) (driver.Result, error) { return nil, driver.ErrSkip }

// Query is driver.Stmt; database/sql calls QueryContext.
func (s *survivingStmt) Query([]driver.Value) (driver.Rows, error) { return nil, driver.ErrSkip }

// CheckNamedValue is driver.NamedValueChecker.
func (s *survivingStmt) CheckNamedValue(arg *driver.NamedValue) error {
	return s.stmt.CheckNamedValue(arg)
}

type survivingRows struct {
	conn *survivingConn
	rows sqliteRows
}

var _ sqliteRows = (*survivingRows)(nil)

// Next is driver.Rows.
func (r *survivingRows) Next(dest []driver.Value) error {
	return r.conn.do(func() error { return r.rows.Next(dest) })
}

// Close is driver.Rows.
func (r *survivingRows) Close() error { return r.conn.do(r.rows.Close) }

// Columns is driver.Rows.
func (r *survivingRows) Columns() []string { return r.rows.Columns() }

// ColumnTypeDatabaseTypeName is driver.RowsColumnTypeDatabaseTypeName.
func (r *survivingRows) ColumnTypeDatabaseTypeName(i int) string {
	return r.rows.ColumnTypeDatabaseTypeName(i)
}

// ColumnTypeNullable is driver.RowsColumnTypeNullable.
func (r *survivingRows) ColumnTypeNullable(i int) (nullable, ok bool) {
	return r.rows.ColumnTypeNullable(i)
}

// ColumnTypeScanType is driver.RowsColumnTypeScanType.
func (r *survivingRows) ColumnTypeScanType(i int) reflect.Type { return r.rows.ColumnTypeScanType(i) }
