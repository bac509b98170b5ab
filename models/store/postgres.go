package store

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models/callback"
)

func isPostgres(databaseURL string) bool {
	return strings.HasPrefix(databaseURL, "postgres://") || strings.HasPrefix(databaseURL, "postgresql://")
}

// postgresSettings are those of every connection, where DATABASE_URL has none of that name.
//
// statement_timeout (in milliseconds) ends, on the server, a statement whose caller is gone and could not say so, and
// idle_in_transaction_session_timeout a transaction: its connection was cut, and what it has locked would be for hours.
// Ours wait for nothing between their statements; this is as long as one may take.
//
// default_transaction_isolation is what the statements are written for: they lock rows, and read again what others have
// changed. Under a stricter one, which a role or a database may have, that is an error of its own.
//
// The others have Postgres read every list from its index, in its order and no further than its limit, by a plan that
// is made once for a statement and a connection. Where the statistics are old or none, as on a new installation, it
// takes a long history for a few rows, and then to read them all and sort them seems as good; and it keeps a plan that
// was made while a table was empty. A list of a single row, which an array can be, it would plan anew each time, for
// longer than the work takes; and a list of many owners it would compile.
//
// They are the connection's where it is ours, and of every transaction where a pooler shares it: what is prepared on a
// connection keeps its plan, and one that was made without them would be a later transaction's too, whatever that has
// set for itself.
var postgresSettings = settings{
	"statement_timeout": "30000", "idle_in_transaction_session_timeout": "10000",
	"default_transaction_isolation": "read committed",
	"enable_bitmapscan":             "off", "enable_seqscan": "off", "jit": "off", "plan_cache_mode": "force_generic_plan",
}

func openPostgres(databaseURL string, sealer *Sealer, o options) (*Store, error) {
	config, err := parsePostgresURL(databaseURL)
	if err != nil {
		return nil, err
	}
	set := maps.Clone(postgresSettings)
	maps.DeleteFunc(set, func(name, _ string) bool { _, given := config.RuntimeParams[name]; return given })
	if o.pooler == PoolerTransaction && config.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "ringback"
	}
	shared, bare := &atomic.Bool{}, config.Copy()
	pool := openPool(config, o.limits, poolSettings{connection: set}, shared)
	limitPool(pool, o.maxConns)
	// pgx caches prepared statements itself.
	db, err := openGorm(postgres.New(postgres.Config{Conn: pool}), o)
	if err != nil {
		_ = pool.Close()
		return nil, err
	}
	s := &Store{
		dialect: postgresDialect{}, sealer: sealer, write: db, read: db, shared: shared, progress: o.progress, looked: o.looked,
		migrating: func() *sql.DB { return openMigrationPool(bare, o.limits) },
	}
	if shared.Load() && config.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		if err := probePooler(context.Background(), pool); errors.As(err, new(*pgconn.PgError)) {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

type postgresDialect struct{}

func (postgresDialect) name() string { return "postgres" }

func (postgresDialect) modifiesInQueries() bool { return true }

func (postgresDialect) clock() string {
	return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"
}

func (d postgresDialect) now(db *gorm.DB) (time.Time, error) {
	var at int64
	err := db.Raw("SELECT " + d.clock()).Scan(&at).Error
	return fromMicros(at), err
}

// writes are what a database can do that can be written: to lock rows is to write, also where there are none, and what
// does not fit into work_mem is written to the disk. Where that is full, rows are changed in place all the same. None
// leaves anything behind.
var writes = []string{
	"SELECT 1 FROM accounts WHERE false FOR UPDATE",
	"SELECT set_config('work_mem', '64kB', true), set_config('temp_tablespaces', '', true)",
	"SELECT count(*) FROM generate_series(1, 3000)", // 48 kB
}

func (postgresDialect) checkWritable(ctx context.Context, s *Store) error {
	pool, err := s.write.DB()
	if err != nil {
		return err
	}
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, statement := range writes {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// nextID: the sequence knows nothing of ids that the platform chose. Where it meets them, it is moved past them.
func (postgresDialect) nextID(db *gorm.DB, table string, taken bool) (int64, error) {
	if !taken {
		return 0, nil
	}
	return 0, db.Exec("SELECT setval(pg_get_serial_sequence(?, 'id'), "+freeID(table)+", false)", table).Error
}

// lockKey: two texts with the same hash only wait for each other without need.
func (postgresDialect) lockKey(db *gorm.DB, key string) error {
	return db.Exec("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", key).Error
}

// among takes the values as one array: one statement, prepared once, serves any number of them.
func (postgresDialect) among(column string, values any) clause.Expr {
	return clause.Expr{SQL: column + " = ANY(?)", Vars: []any{values}}
}

// byBytes: the order of a locale changes with the system below, and then an index in that order no longer finds all
// that is in it.
func (postgresDialect) byBytes(column string) string { return column + ` COLLATE "C"` }

// chosen: in an array the query is run once. As a plain subquery Postgres may run it again for each row of a table that
// it takes for tiny, and each run skips what is locked and chooses others, past the limit.
func (postgresDialect) chosen() string { return "id = ANY(ARRAY(?))" }

// ofLanes: one statement serves any number of lanes.
func (postgresDialect) ofLanes(
	lanes []callback.LaneLimit, query func(lane, limit clause.Expr) clause.Expr,
) clause.Expr {
	keys, limits := make([]string, len(lanes)), make([]int, len(lanes))
	for i, l := range lanes {
		keys[i], limits[i] = l.Lane, l.Limit
	}
	return gorm.Expr("SELECT due.id FROM unnest(?::text[], ?::bigint[]) AS asked (lane, up_to) CROSS JOIN LATERAL (?) "+
		"AS due", &keys, &limits,
		query(gorm.Expr("asked.lane"), gorm.Expr("asked.up_to")))
}

func (postgresDialect) skipLocked(table string) string {
	return " FOR UPDATE OF " + table + " SKIP LOCKED"
}

// ofEach: one query serves any number of owners.
func (postgresDialect) ofEach(
	ids []int64, visible func(ids ...int64) *gorm.DB, query func(owner clause.Expr) clause.Expression,
) clause.Expr {
	return gorm.Expr(
		"SELECT page.* FROM (?) AS owners CROSS JOIN LATERAL (?) AS page", visible(ids...), query(gorm.Expr("owners.id")),
	)
}

func (postgresDialect) firstOfKinds(conditionInOrder string) string {
	return "SELECT id, created_at FROM kinds CROSS JOIN LATERAL (SELECT id, created_at FROM callbacks WHERE " +
		conditionInOrder + ") AS of_kind"
}

func (d postgresDialect) countedOfKinds(condition, order string) string {
	return d.firstOfKinds(condition + order)
}

// place: that of a row is the number of its transaction, and this of the oldest that has not ended.
func (postgresDialect) place(string) string {
	return "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
}

func (postgresDialect) writersOf(table string) string {
	return "SELECT DISTINCT virtualtransaction FROM pg_locks WHERE relation = '" + table + "'::regclass AND mode = 'RowExclusiveLock' " +
		"AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
}
