package store

import (
	"context"
	"database/sql"
	"errors"
	"math/bits"
	"net/url"
	"reflect"
	"time"

	"github.com/ncruces/go-sqlite3/gormlite"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models/callback"
)

// sqliteReaders is the size of the pool that reads; one page of history takes well under a millisecond.
const sqliteReaders = 4

func openSQLite(path string, sealer *Sealer, o options) (s *Store, err error) {
	opened, err := lockOpening(path, openingPatience)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, opened()) }()
	if err := keepPrivate(path); err != nil {
		return nil, err
	}
	// A transaction that reads first and then writes must take the write lock at its start, or it fails when it comes to
	// write: hence immediate.
	write, err := openSQLitePool(path, "_txlock=immediate", 1, o.panics)
	if err != nil {
		return nil, err
	}
	read, err := openSQLitePool(path, "_txlock=deferred", sqliteReaders, o.panics)
	if err != nil {
		_ = write.Close()
		return nil, err
	}
	s = &Store{dialect: sqliteDialect{path}, sealer: sealer, progress: o.progress, looked: o.looked}
	var errs [2]error
	s.read, errs[0] = openGorm(gormlite.OpenDB(read), o)
	s.write, errs[1] = openGorm(gormlite.OpenDB(write), o)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, errors.Join(err, write.Close(), read.Close())
	}
	return s, nil
}

func openSQLitePool(path, extra string, size int, told PanicReport) (*sql.DB, error) {
	// synchronous(FULL): what was answered to a caller survives a loss of power.
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)" +
		// a new log has the database's mode
		"&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&modeof=" + url.QueryEscape(path) + "&" + extra
	pool, err := openSurviving(dsn, told)
	if err != nil {
		return nil, err
	}
	limitPool(pool, size)
	return pool, nil
}

type sqliteDialect struct{ path string }

// checkWritable asks the disk as well: what a transaction that is rolled back has written never comes there.
func (d sqliteDialect) checkWritable(ctx context.Context, s *Store) error {
	if err := s.CheckWriter(ctx); err != nil {
		return err
	}
	return probeDisk(d.path)
}

func (sqliteDialect) name() string { return "sqlite" }

func (sqliteDialect) modifiesInQueries() bool { return false }

func (sqliteDialect) clock() string { return "CAST(unixepoch('subsec') * 1000000 AS INTEGER)" }

// now: SQLite asks this process's clock, and cuts it to milliseconds.
func (sqliteDialect) now(*gorm.DB) (time.Time, error) { return time.Now(), nil }

// nextID: AUTOINCREMENT is always past the largest id, and cannot be set back. At its end it is SQLITE_FULL, which
// rolls everything back.
func (sqliteDialect) nextID(db *gorm.DB, table string, _ bool) (id int64, err error) {
	err = db.Raw("SELECT CASE WHEN EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ? AND seq >= "+maxRawID+") THEN "+
		freeID(table)+" ELSE 0 END", table).Scan(&id).Error
	return id, err
}

// lockKey has nothing to do: transactions are alone.
func (sqliteDialect) lockKey(*gorm.DB, string) error { return nil }

func (sqliteDialect) among(column string, values any) clause.Expr {
	return clause.Expr{SQL: column + " IN ?", Vars: []any{reflect.ValueOf(values).Elem().Interface()}}
}

// byBytes: texts have no other order.
func (sqliteDialect) byBytes(column string) string { return column }

func (sqliteDialect) chosen() string { return "id IN (?)" }

// ofLanes: each lane has a query of its own. Lanes that give nothing make up a power of two, so that there are few
// statements to keep.
func (sqliteDialect) ofLanes(lanes []callback.LaneLimit, query func(lane, limit clause.Expr) clause.Expr) clause.Expr {
	each := make([]clause.Expr, 1<<bits.Len(uint(len(lanes)-1)))
	for i := range each {
		var asked callback.LaneLimit
		if i < len(lanes) {
			asked = lanes[i]
		}
		each[i] = gorm.Expr("SELECT id FROM (?)", query(gorm.Expr("?", asked.Lane), gorm.Expr("?", asked.Limit)))
	}
	return joined(" UNION ALL ", each)
}

// skipLocked: there is one writer.
func (sqliteDialect) skipLocked(string) string { return "" }

// ofEach: a query cannot refer to what stands beside it here, so each owner has its own.
func (sqliteDialect) ofEach(
	ids []int64, visible func(ids ...int64) *gorm.DB, query func(owner clause.Expr) clause.Expression,
) clause.Expr {
	each := make([]clause.Expr, len(ids))
	for i, id := range ids {
		each[i] = gorm.Expr("SELECT page.* FROM (?) AS owners CROSS JOIN (?) AS page", visible(id), query(gorm.Expr("?", id)))
	}
	return joined(" UNION ALL ", each)
}

func (sqliteDialect) firstOfKinds(conditionInOrder string) string {
	return "SELECT id, created_at FROM kinds CROSS JOIN callbacks ON id IN (SELECT id FROM callbacks WHERE " +
		conditionInOrder + ")"
}

// countedOfKinds stays within the index: firstOfKinds would look every row up.
func (sqliteDialect) countedOfKinds(condition, _ string) string {
	return "SELECT id, created_at FROM kinds CROSS JOIN callbacks WHERE " + condition
}

// place: that of a row is its id, as there is one writer at a time.
func (sqliteDialect) place(table string) string {
	return "COALESCE((SELECT seq FROM sqlite_sequence WHERE name = '" + table + "'), 0) + 1"
}

func (sqliteDialect) writersOf(string) string { return "" }
