package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/ncruces/go-sqlite3"
	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/run"
)

// Rows are all the structs that rows are read into.
func Rows() []any {
	rows := []any{
		&accountRow{}, &actionRow{}, &attemptRow{}, &batchAttemptRow{}, &bulkReplayRow{}, &bulkReplayedRow{}, &callbackRow{},
		&callbackChangeRow{}, &callbackWatchRow{}, &claimRow{}, &diagnosisRow{},
		&encryptionCheckRow{}, &healthHourRow{}, &healthPartRow{}, &healthSinceRow{}, &loginCodeRow{},
		&membershipRow{}, &platformKeyRow{}, &processRow{}, &projectKeyRow{}, &projectRow{}, &rateRow{}, &runInputRow{},
		&ssoClientKeyRow{}, &portalSessionRow{},
		&scheduleRow{}, &sessionRow{}, &signingSecretRow{}, &ssoClientRow{}, &sweepRow{}, &usageRow{}, &userKeyRow{},
		&userRow{},
	}
	for _, kind := range callbackSources {
		rows = append(rows, kind.row)
	}
	return rows
}

// LockOpening is what an opening of the embedded database begins with.
var LockOpening = lockOpening

// ListedSources are the types that have lists of their callbacks, beside accounts and projects.
func ListedSources() (types []string) {
	for _, kind := range callbackSources {
		if !kind.part {
			types = append(types, kind.typeName)
		}
	}
	return types
}

// DB gives tests the database itself, for what no method of the store does.
func (s *Store) DB() *gorm.DB { return s.write }

// WithStatementDeadline and WithConnLifetime make tests short.
func WithStatementDeadline(d time.Duration) Option {
	return func(o *options) { o.limits.statementDeadline = d }
}

// WithConnLifetime is about connections to Postgres.
func WithConnLifetime(d time.Duration) Option { return func(o *options) { o.limits.connLifetime = d } }

// WithConnIdleTime keeps connections that nobody needs for as long.
func WithConnIdleTime(d time.Duration) Option { return func(o *options) { o.limits.connIdleTime = d } }

// WithProgressInterval tells of migrations that often.
func WithProgressInterval(d time.Duration) Option { return func(o *options) { o.progress.every = d } }

// WithLooked has lists look through so many callbacks for a page.
func WithLooked(n int) Option { return func(o *options) { o.looked = n } }

// MigrationPool is where migrations run.
func (s *Store) MigrationPool() (pool *sql.DB, closePool func() error, err error) {
	return s.migrationPool()
}

// Embedded are the files of migrations.
var Embedded = migrations

// MigrateTo applies what is pending up to a version.
func (s *Store) MigrateTo(ctx context.Context, version int64) error {
	pool, closePool, err := s.migrationPool()
	if err != nil {
		return err
	}
	defer func() { _ = closePool() }()
	p, err := s.migrationProvider(pool)
	if err != nil {
		return err
	}
	_, err = p.UpTo(models.LongStatements(ctx), version)
	return err
}

// SealHeaders and OpenHeaders reach the sealer.
func (s *Sealer) SealHeaders(headers []models.Header, place string) ([]byte, error) {
	return s.sealHeaders(headers, place)
}

// OpenHeaders opens what SealHeaders made.
func (s *Sealer) OpenHeaders(box []byte, place string) ([]models.Header, error) {
	return s.openHeaders(box, place)
}

// IsPending is the condition of callbacks that can be claimed.
var IsPending = (&Store{dialect: sqliteDialect{}}).on(callback.LeasedCallbacks, "{pending}")

// QueryClaim is the statement of ClaimDue and ClaimDueBatches.
func (s *Store) QueryClaim(
	ctx context.Context, of callback.Leased, lanes []callback.LaneLimit, now, leaseUntil time.Time,
) *gorm.DB {
	return s.claimDue(ctx, of, lanes, now, leaseUntil)
}

// QueryNext is what ReleaseNext and LineIsEmpty look for, and QueryDedupKeys the statement of CallbacksByDedupKey.
func (s *Store) QueryNext(ctx context.Context, key string) *gorm.DB {
	return s.line(ctx, key).Where("held").Order("id").Limit(1)
}

// QueryStuckHeads is the statement of StuckHeads.
func (s *Store) QueryStuckHeads(ctx context.Context, at time.Time) *gorm.DB {
	return s.stuckHeads(ctx, 0, at, at, 100).Model(&callbackRow{}).Select("id")
}

// QueryDedupKeys finds callbacks of events.
func (s *Store) QueryDedupKeys(ctx context.Context, keys ...string) *gorm.DB {
	return s.ofDedupKeys(ctx, keys).Model(&callbackRow{})
}

// QueryActionByName is the statement of ActionByName.
func (s *Store) QueryActionByName(ctx context.Context, accountID int64, name string) *gorm.DB {
	return s.actionByName(ctx, models.PlatformActor().Scope(models.RoleViewer), accountID, name).Model(&actionRow{})
}

// QueryPages is the statement of CallbackPages, and QueryCounts that of CountCallbacks.
func (s *Store) QueryPages(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64, filter callback.Filter, page models.Page,
) *gorm.DB {
	return s.queryPages(ctx, scope, owner, ids, filter, page)
}

// QueryMerged is the statement of CallbackPages of all that a partner sees.
func (s *Store) QueryMerged(ctx context.Context, scope models.Scope, filter callback.Filter, page models.Page) *gorm.DB {
	query, _, _ := s.queryMerged(ctx, scope, filter, page)
	return query
}

// QueryCounts is the statement of CountCallbacks.
func (s *Store) QueryCounts(
	ctx context.Context, scope models.Scope, owner callback.Parent, ids []int64, filter callback.Filter,
) *gorm.DB {
	return s.queryCounts(ctx, scope, owner, ids, filter)
}

// SQLiteMemory is what SQLite may take for one connection.
const SQLiteMemory = sqliteMemory

// PartLengths cuts rows whose texts are so long.
func PartLengths(texts []int) (lengths []int) {
	for part := range parts(texts, func(n int) int { return n }) {
		lengths = append(lengths, len(part))
	}
	return lengths
}

// Planned runs a query as lists are.
func (s *Store) Planned(ctx context.Context, query func(*Store) error) error {
	_, err := planned(ctx, s, func(s *Store) (struct{}, error) { return struct{}{}, query(s) })
	return err
}

// Share has the store take its connections for those of a pooler.
func (s *Store) Share() { s.shared.Store(true) }

// Kept returns the statements that the connection of SQLite which writes keeps, and how often it has parsed each of
// them again.
func (s *Store) Kept(ctx context.Context) (statements map[string]int, err error) {
	pool, err := s.write.DB()
	if err != nil {
		return nil, err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	statements = map[string]int{}
	err = conn.Raw(func(c any) error {
		raw := c.(*survivingConn).Raw()
		for stmt := range raw.Stmts() {
			statements[stmt.SQL()] += stmt.Status(sqlite3.STMTSTATUS_REPREPARE, false)
		}
		return nil
	})
	return statements, err
}

// QueryLastDigest is what LastDigest looks for.
func (s *Store) QueryLastDigest(ctx context.Context, projectID int64) *gorm.DB {
	return s.lastDigest(ctx, projectID)
}

// QueryResults is the statement of BatchesWithResults.
func (s *Store) QueryResults(
	ctx context.Context, scope models.Scope, runIDs []int64, fromBatchID int64, results int,
) *gorm.DB {
	return s.queryResults(
		ctx, scope, runIDs, fromBatchID, results,
	).Session(&gorm.Session{DryRun: true}).Find(&[]batchRow{})
}

// QueryLog is the statement of LogEntries.
func (s *Store) QueryLog(ctx context.Context, scope models.Scope, query run.LogQuery) *gorm.DB {
	return s.queryLog(ctx, scope, query).Session(&gorm.Session{DryRun: true}).Find(&[]logRow{})
}
