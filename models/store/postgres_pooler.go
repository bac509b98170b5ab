package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Pooler is how a connection pooler that stands before Postgres, such as PgBouncer, shares out its connections.
type Pooler string

// What RINGBACK_POOLER may be.
const (
	// PoolerSession: each of our connections has one of the server's to itself. Without a pooler it is no different.
	PoolerSession Pooler = "session"
	// PoolerTransaction: one of the server's connections for each transaction, and nothing of a session lasts: no prepared
	// statement.
	PoolerTransaction Pooler = "transaction"
)

// WithPooler says which pooler stands before Postgres; the default is PoolerSession.
func WithPooler(p Pooler) Option { return func(o *options) { o.pooler = p } }

// settings are what a connection is set to, by name. None is a parameter of the connecting, which poolers refuse.
type settings map[string]string

// each is a text for every setting, in the order of their names. Names and values are our own constants.
func (s settings) each(format string) []string {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(s)) {
		texts = append(texts, fmt.Sprintf(format, name, s[name]))
	}
	return texts
}

// own sets a connection, once and for all, if it leads to Postgres itself: then the server's process is the one that it
// named when we connected. Through a pooler the settings would be left to whoever is given the server's connection
// next. isolation is what statements have that are in no transaction.
func (s settings) own(ctx context.Context, conn *pgconn.PgConn) (own bool, isolation string, err error) {
	statement := fmt.Sprintf(
		"SELECT %s WHERE pg_backend_pid() = %d; SHOW %s", strings.Join(s.each("set_config('%s', '%s', false)"), ", "),
		conn.PID(), isolationSetting,
	)
	results, err := conn.Exec(ctx, statement).ReadAll()
	if err != nil {
		return false, "", err
	}
	return len(results[0].Rows) == 1, string(results[1].Rows[0][0]), nil
}

const isolationSetting = "default_transaction_isolation"

// poolerConnector makes connections with settings: for good where a connection is ours, for each transaction where a
// pooler shares it.
type poolerConnector struct {
	driver.Connector
	settings poolSettings
	shared   *atomic.Bool // whether there is a pooler
}

// Connect is driver.Connector.
func (c poolerConnector) Connect(ctx context.Context) (driver.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, statementDeadline) // database/sql's own may have none
	defer cancel()
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w%s", err, connectionAdvice(err))
	}
	opened := conn.(*stdlib.Conn)
	own, isolation, err := c.settings.connection.own(ctx, opened.Conn().PgConn())
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("%w: connected, and no answer to the first statement: a pooler may have no connection to "+
			"Postgres left for it "+
			"(default_pool_size of PgBouncer, RINGBACK_POOLER)", err)
	}
	if err != nil {
		_ = opened.Close()
		return nil, err
	}
	c.shared.Store(!own)
	begin := c.settings.begin(own)
	if len(begin) == 0 {
		return opened, nil
	}
	// The isolation of the transaction that has begun is no longer its session's.
	wanted := begin[isolationSetting]
	return &setConn{
		opened, "BEGIN ISOLATION LEVEL READ COMMITTED; " + strings.Join(begin.each("SET LOCAL %s = '%s'"), "; "),
		wanted != "" && wanted != isolation,
	}, nil
}

// setConn is a connection whose transactions have settings of their own.
type setConn struct {
	*stdlib.Conn
	begin string
	// isolated: a statement of its own would have another isolation than it is written for. It is given a transaction,
	// which costs two more ways to the server.
	isolated bool
}

// BeginTx is driver.ConnBeginTx. Transactions of ours have no options.
func (c *setConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if opts != (driver.TxOptions{}) {
		return nil, errors.New("a transaction with settings and options")
	}
	if c.Conn.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	tx, err := c.Conn.Conn().BeginTx(ctx, pgx.TxOptions{BeginQuery: c.begin})
	if err != nil {
		return nil, err
	}
	return setTx{ctx, tx}, nil
}

// setTx is a transaction. database/sql gives its end no context.
type setTx struct {
	ctx context.Context //nolint:containedctx // as above
	tx  pgx.Tx
}

// Commit is driver.Tx.
func (t setTx) Commit() error { return t.tx.Commit(t.ctx) }

// Rollback is driver.Tx.
func (t setTx) Rollback() error { return t.tx.Rollback(t.ctx) }

// SQLSTATEs of what happens where a pooler stands in between and is not expected.
const (
	duplicatePreparedStatement = "42P05"
	unknownPreparedStatement   = "26000"
	protocolViolation          = "08P01"
)

// connectionAdvice follows the message of an error that a pooler or a limit of connections is the cause of; for others
// it is empty.
func connectionAdvice(err error) string {
	var known *pgconn.PgError
	switch {
	case !errors.As(err, &known):
	case known.Code == duplicatePreparedStatement, known.Code == unknownPreparedStatement:
		return ": a pooler shares connections out by transaction; set RINGBACK_POOLER=transaction"
	case known.Code == tooManyConnections:
		return ": each process takes up to " + strconv.Itoa(defaultMaxConns) +
			" connections; raise max_connections, or the CONNECTION LIMIT of the role or the database"
	case known.Code == protocolViolation && strings.Contains(known.Message, "max_client_conn"):
		return ": each process takes up to " + strconv.Itoa(defaultMaxConns) + " connections; raise the pooler's " +
			"max_client_conn"
	case known.Code == protocolViolation && strings.HasPrefix(known.Message, "unsupported startup parameter"):
		return ": a pooler refuses this parameter of DATABASE_URL; take it out, or name it in the pooler's " +
			"ignore_startup_parameters"
	}
	return ""
}

// probeTimeout bounds the probe of a pooler. One that gives each of ours a connection, and has a single one, makes it
// wait that long.
const probeTimeout = 2 * time.Second

// probePooler finds out whether a prepared statement is a connection's of ours, and lasts, while another one has
// prepared the same and its transaction may have been given the server's connection. Where it lasts by chance, the
// first statement that does not says the same.
func probePooler(ctx context.Context, pool *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	one, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = one.Close() }()
	other, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = other.Close() }()
	var prepared [2]*sql.Stmt
	for i, conn := range []*sql.Conn{one, other} {
		if prepared[i], err = conn.PrepareContext(ctx, "SELECT 1 AS ringback_probe"); err != nil { //nolint:sqlclosecheck // below
			return fmt.Errorf("%w%s", err, connectionAdvice(err))
		}
		defer func() { _ = prepared[i].Close() }()
	}
	tx, err := other.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	_, err = prepared[0].ExecContext(ctx)
	return err
}
