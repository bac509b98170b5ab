package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/ringback/ringback/models"
)

const (
	// statementDeadline bounds the wait for the answer to a statement whose caller is more patient. Those that serve
	// callers take milliseconds; and of the 15 s within which work goes on after connections were cut it leaves 5 s to
	// those that come next.
	statementDeadline = 10 * time.Second
	// connectTimeout bounds the connecting to one host, unless the URL has a connect_timeout: of two hosts the first may
	// be silent, and a renewal, which has 3 s, still reaches the second.
	connectTimeout = 2 * time.Second
	// pingAfter is how long a connection may have been idle before it is asked for a sign of life first, and pingTimeout
	// how long it has for that. A healthy one answers within a millisecond.
	pingAfter   = time.Second
	pingTimeout = time.Second
	// connLifetime is how long a connection is used: what a failover, a balancer or a server's memory have made of it ends
	// with it. Each has up to a sixth less, so that those that began together do not end together.
	connLifetime = 30 * time.Minute
	// connIdleTime is how long a connection that nobody needs is kept for the next burst. Behind a pooler that gives one
	// of the server's to each, others wait for it: PgBouncer has 20, as many as one process may take.
	connIdleTime = 15 * time.Second
	// keepAliveIdle, keepAliveInterval and keepAliveCount end an idle connection to a host that is gone after 5 + 3 × 2 =
	// 11 s, and userTimeout one that has sent something.
	keepAliveIdle     = 5 * time.Second
	keepAliveInterval = 2 * time.Second
	keepAliveCount    = 3
	userTimeout       = 10 * time.Second
)

// readOnlyTransaction is the SQLSTATE of a statement that would write where nothing can be written: on a standby, or on
// what was the primary until a failover.
const readOnlyTransaction = "25006"

// connections looks after the connections of a pool to Postgres, so that one which leads nowhere is not used for long
// and never again. When one has been silent for too long, or leads to a server that is read-only, all that have not
// been heard of since are closed instead of being used: after a failover they lead to the same place, and each would
// cost another deadline.
type connections struct {
	limits connLimits
	began  time.Time
	// doubted is when the others were last doubted, by clock.
	doubted atomic.Int64
}

// connLimits are the constants of the same names.
type connLimits struct{ statementDeadline, connLifetime, connIdleTime time.Duration }

// connState is what is known of a connection, in its CustomData. Times are by clock.
type connState struct{ opened, asked, heard, ends int64 }

const connStateKey = "ringback"

// openPool opens a pool whose connections are looked after. It learns whether a pooler shares them.
func openPool(config *pgx.ConnConfig, limits connLimits, set poolSettings, shared *atomic.Bool) *sql.DB {
	c := &connections{limits: limits, began: time.Now()}
	dialer := net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{
			Enable: true, Idle: keepAliveIdle, Interval: keepAliveInterval, Count: keepAliveCount,
		},
		Control: setUserTimeout,
	}
	config.DialFunc = dialer.DialContext
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	config.OnPgError = c.keeps
	config.Tracer = c
	connector := stdlib.GetConnector(*config, stdlib.OptionAfterConnect(c.opened), stdlib.OptionResetSession(c.check),
		stdlib.OptionShouldPing(func(context.Context, stdlib.ShouldPingParams) bool { return false })) // check does
	pool := sql.OpenDB(poolerConnector{connector, set, shared})
	pool.SetConnMaxLifetime(limits.connLifetime)
	pool.SetConnMaxIdleTime(limits.connIdleTime)
	return pool
}

// clock is the time since the pool was opened, which no change of the system's clock moves.
func (c *connections) clock() int64 { return int64(time.Since(c.began)) }

func (c *connections) opened(_ context.Context, conn *pgx.Conn) error {
	now := c.clock()
	life := int64(c.limits.connLifetime - rand.N(c.limits.connLifetime/6))
	conn.PgConn().CustomData()[connStateKey] = &connState{opened: now, heard: now, ends: now + life}
	return nil
}

// stateOf returns nil while a connection is being opened.
func stateOf(conn *pgconn.PgConn) *connState {
	s, _ := conn.CustomData()[connStateKey].(*connState)
	return s
}

// check is called before a connection is used again.
func (c *connections) check(ctx context.Context, conn *pgx.Conn) error {
	s, now := stateOf(conn.PgConn()), c.clock()
	if now > s.ends || s.heard <= c.doubted.Load() {
		done, cancel := context.WithCancel(ctx)
		cancel()
		_ = conn.Close(done) // without waiting for a goodbye
		return driver.ErrBadConn
	}
	if now-s.heard <= int64(pingAfter) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if err := conn.Ping(ctx); err != nil { // which has closed it
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			c.doubt()
		}
		return driver.ErrBadConn
	}
	s.heard = c.clock()
	return nil
}

// doubt has all connections closed that are not heard of from now on. It is at most once a second: while there is
// nothing but a server that is read-only, not every statement is to cost a connection.
func (c *connections) doubt() {
	now, last := c.clock(), c.doubted.Load()
	if last == 0 || now-last > int64(time.Second) {
		c.doubted.CompareAndSwap(last, now)
	}
}

// keeps tells whether a connection is used on after an error of the server's.
func (c *connections) keeps(conn *pgconn.PgConn, err *pgconn.PgError) bool {
	if err.Code != readOnlyTransaction {
		return !strings.EqualFold(err.Severity, "FATAL") // as pgx does
	}
	c.doubt()
	s := stateOf(conn)
	return s == nil || c.clock()-s.opened < int64(time.Second)
}

// boundedContext is that of one statement.
type boundedContext struct {
	context.Context
	cancel context.CancelFunc
}

// TraceQueryStart is pgx.QueryTracer: it bounds the statement.
func (c *connections) TraceQueryStart(ctx context.Context, conn *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	if s := stateOf(conn.PgConn()); s != nil {
		s.asked = c.clock()
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= c.limits.statementDeadline ||
		models.HasLongStatements(ctx) {
		return ctx
	}
	ctx, cancel := context.WithTimeout(ctx, c.limits.statementDeadline)
	return &boundedContext{ctx, cancel}
}

// TraceQueryEnd is pgx.QueryTracer.
func (c *connections) TraceQueryEnd(ctx context.Context, conn *pgx.Conn, end pgx.TraceQueryEndData) {
	if refused := (*pgconn.PgError)(nil); errors.As(end.Err, &refused) { // the error itself, or that of preparing the statement
		refused.Message += connectionAdvice(refused)
	}
	if s := stateOf(conn.PgConn()); s != nil {
		now := c.clock()
		switch {
		case end.Err == nil || errors.As(end.Err, new(*pgconn.PgError)):
			s.heard = now
		case errors.Is(ctx.Err(), context.DeadlineExceeded) && now-s.asked >= int64(pingTimeout):
			c.doubt()
		}
	}
	if bounded, ok := ctx.(*boundedContext); ok {
		bounded.cancel()
	}
}
