package store

import (
	"context"
	"database/sql/driver"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// ExecContext is driver.ExecerContext.
func (c *setConn) ExecContext(
	ctx context.Context, statement string, args []driver.NamedValue,
) (driver.Result, error) {
	tx, err := c.beginAlone(ctx)
	if err != nil {
		return nil, err
	}
	result, err := c.Conn.ExecContext(ctx, statement, args)
	if tx == nil {
		return result, err
	}
	if err != nil {
		_ = tx.Rollback(ctx) // what could not be rolled back has its connection closed
		return nil, err
	}
	return result, tx.Commit(ctx)
}

// QueryContext is driver.QueryerContext.
func (c *setConn) QueryContext(ctx context.Context, statement string, args []driver.NamedValue) (driver.Rows, error) {
	tx, err := c.beginAlone(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := c.Conn.QueryContext(ctx, statement, args)
	if tx == nil {
		return rows, err
	}
	if err != nil {
		_ = tx.Rollback(ctx) // what could not be rolled back has its connection closed
		return nil, err
	}
	return &rowsOfTx{rows.(*stdlib.Rows), ctx, tx}, nil
}

// beginAlone begins a transaction for a statement of its own, where it needs one; nil: it does not.
func (c *setConn) beginAlone(ctx context.Context) (pgx.Tx, error) {
	const idle = 'I'
	conn := c.Conn.Conn()
	switch {
	case !c.isolated || conn.PgConn().TxStatus() != idle:
		return nil, nil //nolint:nilnil // none is needed
	case conn.IsClosed():
		return nil, driver.ErrBadConn
	}
	return conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: c.begin})
}

// rowsOfTx are rows whose transaction ends with them.
type rowsOfTx struct {
	*stdlib.Rows
	ctx context.Context //nolint:containedctx // database/sql gives Close none
	tx  pgx.Tx
}

// Close is driver.Rows.
func (r *rowsOfTx) Close() error {
	closed, ended := r.Rows.Close(), r.tx.Commit(r.ctx)
	if closed != nil {
		return closed
	}
	return ended
}
