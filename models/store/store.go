package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/tenant"
)

// Store implements the ports of all rooms. It is safe for concurrent use.
type Store struct {
	dialect dialect
	sealer  *Sealer
	// write and read are the same pool on Postgres. SQLite allows one writer at a time: it gets a pool of one connection
	// to queue for, and readers never wait for it.
	write, read *gorm.DB
	inTx        bool
	// shared is set while a pooler shares out the connections to Postgres.
	shared *atomic.Bool
	// migrating opens the pool of migrations; nil: they run in that of write.
	migrating func() *sql.DB
	progress  progress
	// looked is how many callbacks a list looks through for a page: models.MaxLooked.
	looked int
}

var (
	_ tenant.Reader      = (*Store)(nil)
	_ tenant.Store       = (*Store)(nil)
	_ tenant.AccessStore = (*Store)(nil)
	_ crawl.Reader       = (*Store)(nil)
	_ crawl.Store        = (*Store)(nil)
	_ job.Store          = (*Store)(nil)
)

// Open opens a database: a postgres:// URL, or the path of a SQLite file. It does not migrate.
func Open(databaseURL string, sealer *Sealer, opts ...Option) (*Store, error) {
	o := options{
		maxConns: defaultMaxConns, limits: connLimits{statementDeadline, connLifetime, connIdleTime}, pooler: PoolerSession,
		progress: progress{every: progressInterval}, looked: models.MaxLooked,
	}
	for _, apply := range opts {
		apply(&o)
	}
	if isPostgres(databaseURL) {
		return openPostgres(databaseURL, sealer, o)
	}
	return openSQLite(databaseURL, sealer, o)
}

// Option changes how a store is opened.
type Option func(*options)

type options struct {
	maxConns   int
	limits     connLimits
	pooler     Pooler
	statements StatementLog
	panics     PanicReport
	progress   progress
	looked     int
}

// defaultMaxConns lets four processes share a Postgres with its default of 100 connections.
const defaultMaxConns = 20

// WithMaxConns limits the connections to Postgres; the default is 20.
func WithMaxConns(n int) Option { return func(o *options) { o.maxConns = n } }

// WithPanics lets panics of SQLite's driver be logged and counted.
func WithPanics(told PanicReport) Option { return func(o *options) { o.panics = told } }

// Close closes the database.
func (s *Store) Close() error {
	errs := []error{closePool(s.read)}
	if s.write != s.read {
		errs = append(errs, closePool(s.write))
	}
	return errors.Join(errs...)
}

func closePool(db *gorm.DB) error {
	pool, err := db.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

// Pools returns the connection pools by name, for their statistics: "write", and on SQLite "read" beside it.
func (s *Store) Pools() (map[string]*sql.DB, error) {
	databases := map[string]*gorm.DB{"write": s.write}
	if s.read != s.write {
		databases["read"] = s.read
	}
	pools := map[string]*sql.DB{}
	for name, db := range databases {
		pool, err := db.DB()
		if err != nil {
			return nil, err
		}
		pools[name] = pool
	}
	return pools, nil
}

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	pool, err := s.read.DB()
	if err != nil {
		return err
	}
	return pool.PingContext(ctx)
}

// CheckWritable tells whether the database takes writes: a standby does not, and neither does one whose disk is full or
// whose writer is held.
func (s *Store) CheckWritable(ctx context.Context) error {
	return s.dialect.checkWritable(ctx, s)
}

// CheckWriter tells whether a transaction that writes can begin, whatever the disk takes.
func (s *Store) CheckWriter(ctx context.Context) error {
	pool, err := s.write.DB()
	if err != nil {
		return err
	}
	tx, err := pool.BeginTx(ctx, nil) // on SQLite immediate: the connection that writes, and the lock on the file
	if err != nil {
		return err
	}
	return tx.Rollback()
}

// Transaction runs f in one transaction, on a store that is bound to it. On such a store it runs f in that transaction. What
// is refused (models.Refusal) is undone.
func (s *Store) Transaction(ctx context.Context, f func(*Store) error) error {
	if s.inTx {
		return f(s)
	}
	return s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		bound := &Store{dialect: s.dialect, sealer: s.sealer, write: tx, read: tx, inTx: true, looked: s.looked}
		return cmp.Or(bound.claimed(ctx, f), models.Refusal(ctx))
	})
}

// inTx runs functions of a port in transactions.
func inTx[Port any](s *Store, port func(tx *Store) Port) models.InTx[Port] {
	return func(ctx context.Context, f func(Port) error) error {
		return s.Transaction(ctx, func(tx *Store) error { return f(port(tx)) })
	}
}

// planned runs a query that is as quick as promised only under the settings of postgres.go. Through a pooler
// transactions have them, and single statements do not.
func planned[T any](ctx context.Context, s *Store, query func(*Store) (T, error)) (result T, err error) {
	if s.inTx || s.shared == nil || !s.shared.Load() {
		return query(s)
	}
	err = s.Transaction(models.Unrefused(ctx), func(s *Store) (err error) {
		result, err = query(s)
		return err
	})
	return result, err
}

func (s *Store) reader(ctx context.Context) *gorm.DB { return s.read.WithContext(ctx) }
func (s *Store) writer(ctx context.Context) *gorm.DB { return s.write.WithContext(ctx) }

// locking reads rows that the transaction is about to change. Ids never change, so the lock lets others create rows
// that point at these; a stronger one would deadlock with who holds a line and raises a notice of the same job or run.
// SQLite drops the clause: its transactions are alone already.
func (s *Store) locking(ctx context.Context) *gorm.DB {
	return s.writer(ctx).Clauses(clause.Locking{Strength: "NO KEY UPDATE"})
}

// find reads rows into domain values.
func find[R any, D any](db *gorm.DB, toDomain func(R) (D, error)) ([]D, error) {
	var rows []R
	if err := db.Find(&rows).Error; err != nil {
		return nil, err
	}
	return convert(rows, toDomain)
}

func convert[R any, D any](rows []R, toDomain func(R) (D, error)) ([]D, error) {
	found := make([]D, len(rows))
	for i, r := range rows {
		d, err := toDomain(r)
		if err != nil {
			return nil, err
		}
		found[i] = d
	}
	return found, nil
}

// first reads one row, or NotFound of the type.
func first[R any, D any](db *gorm.DB, typeName string, toDomain func(R) (D, error)) (D, error) {
	var none D
	found, err := find(db.Limit(1), toDomain)
	if err != nil {
		return none, err
	}
	if len(found) == 0 {
		return none, models.NotFound(typeName)
	}
	return found[0], nil
}

// exists tells whether a query finds a row.
func exists(db *gorm.DB) (bool, error) {
	var ids []int64
	err := db.Limit(1).Pluck("id", &ids).Error
	return len(ids) > 0, err
}

// butFirst leaves out the first rows of a sorted query, so many.
func butFirst(db *gorm.DB, most int) *gorm.DB {
	return db.Offset(most).Limit(math.MaxInt32) // SQLite knows no offset without a limit
}

func count(db *gorm.DB) (int, error) {
	var n int64
	err := db.Count(&n).Error
	return int(n), err
}

// insert creates a row under its id, or under one that the database chooses when id is 0. It returns false, with no
// error, when a given id is taken. A database counts upwards from the largest id, which the platform may have chosen:
// where that is so large that none may follow, ids go on below it.
func insert[R any](ctx context.Context, s *Store, row *R, id *int64, table string) (bool, error) {
	given := *id != 0
	for taken := false; ; taken = true {
		if !given {
			var err error
			if *id, err = s.dialect.nextID(s.writer(ctx), table, taken); err != nil {
				return false, err
			}
		}
		result := s.writer(ctx).Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "id"}}, DoNothing: true,
		}).Create(row)
		if result.Error != nil || given || result.RowsAffected == 1 && *id <= models.MaxRawID {
			return result.RowsAffected == 1, result.Error
		}
		if result.RowsAffected == 1 { // no caller could name it
			if err := s.writer(ctx).Delete(row).Error; err != nil {
				return false, err
			}
		}
	}
}

// freeID is the largest id of a table that is free and follows one that is not.
func freeID(table string) string {
	return "(SELECT COALESCE(max(id), 0) + 1 FROM (SELECT id FROM " + table + " AS taken WHERE id < " + maxRawID +
		" AND NOT EXISTS (SELECT 1 FROM " + table + " AS next WHERE next.id = taken.id + 1) ORDER BY id DESC LIMIT 1) AS " +
		"last)"
}

var maxRawID = strconv.Itoa(models.MaxRawID)

// insertNew is insert for entities whose rawID a caller may choose: a taken one is a CONFLICT.
func insertNew[R any](ctx context.Context, s *Store, row *R, id *int64, table, typeName string) error {
	asked := *id
	created, err := insert(ctx, s, row, id, table)
	if err == nil && !created {
		return models.Conflict("rawID", "%s %d exists already", typeName, asked)
	}
	return err
}

// mustChange turns an update that found no row into NotFound: the scope did not reach it.
func mustChange(result *gorm.DB, typeName string) error {
	if result.Error == nil && result.RowsAffected == 0 {
		return models.NotFound(typeName)
	}
	return result.Error
}

// nullText and textOf: an empty text is NULL in the database.
func nullText(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func microsPtr(t *time.Time) *int64 {
	if t == nil {
		return nil
	}
	n := t.UnixMicro()
	return &n
}

func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }

func fromMicrosPtr(n *int64) *time.Time {
	if n == nil {
		return nil
	}
	t := fromMicros(*n)
	return &t
}

// dialect is where the two databases differ.
type dialect interface {
	name() string
	// clock is the time of the database, in microseconds, and now reads it: as exactly as this process can tell it.
	clock() string
	now(db *gorm.DB) (time.Time, error)
	// checkWritable is CheckWritable.
	checkWritable(ctx context.Context, s *Store) error
	// nextID is an id for a new row; 0: the database chooses well. It has not, before, when taken is set.
	nextID(db *gorm.DB, table string, taken bool) (int64, error)
	// lockKey makes transactions that lock the same text wait for each other.
	lockKey(db *gorm.DB, key string) error
	// among is the condition that a column has one of the values: a pointer to a slice.
	among(column string, values any) clause.Expr
	// ofLanes is the ids that a query of a lane and a limit gives for each of some lanes.
	ofLanes(lanes []callback.LaneLimit, query func(lane, limit clause.Expr) clause.Expr) clause.Expr
	// byBytes is a column of keys as its index has them: in the order of their bytes, whatever the locale.
	byBytes(column string) string
	// skipLocked ends a query of rows that nobody else has locked, and locks them.
	skipLocked(table string) string
	// chosen is the condition that a row's id is one of a query, which is run once.
	chosen() string
	// modifiesInQueries: rows can be written by parts of a query.
	modifiesInQueries() bool
	// rows is a query that yields rows which the statement takes along.
	rows(rows int, columns []column) (query string, args []any)
	// ofEach is the rows of a query for each of the owners that are visible. The query knows its owner by an expression.
	ofEach(ids []int64, visible func(ids ...int64) *gorm.DB, query func(owner clause.Expr) clause.Expression) clause.Expr
	// firstOfKinds is the callbacks of each kind that meet a condition, in an order up to a limit. countedOfKinds may be more.
	firstOfKinds(conditionInOrder string) string
	countedOfKinds(condition, order string) string
	// place is live.Store.Place of a table of changes.
	place(table string) string
	// writersOf is a query of the transactions that have a table locked for writing; empty: there is one at a time, and
	// none meanwhile.
	writersOf(table string) string
}

func (s *Store) among(column string, values any) clause.Expr { return s.dialect.among(column, values) }

func openGorm(dialector gorm.Dialector, o options) (*gorm.DB, error) {
	db, err := gorm.Open(unexplained{dialector}, &gorm.Config{
		Logger:                 statementLogger{o.statements},
		TranslateError:         true,
		SkipDefaultTransaction: true, // use-cases say what belongs together
		// SELECT * would change its meaning when the next release adds a column, and Postgres refuses what was prepared
		// before.
		QueryFields: true,
	})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return db, errors.Join(db.Callback().Query().Replace("gorm:query", query), guard(db))
}

// returning names what a statement returns, as QueryFields does for what is read.
func returning(columns string) clause.Returning {
	return clause.Returning{Columns: []clause.Column{{Name: columns, Raw: true}}}
}

func limitPool(pool *sql.DB, n int) {
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
}
