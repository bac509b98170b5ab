package store

import (
	"net/url"

	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/gormlite"
	"gorm.io/gorm"
)

// sqliteReaders is the size of the pool that reads; one page of history takes well under a millisecond.
const sqliteReaders = 4

func openSQLite(path string, sealer *Sealer, o options) (*Store, error) {
	// A transaction that reads first and then writes must take the write lock at its start, or it fails when it comes to
	// write: hence immediate.
	write, err := openSQLitePool(path, "_txlock=immediate", 1, o)
	if err != nil {
		return nil, err
	}
	read, err := openSQLitePool(path, "_txlock=deferred", sqliteReaders, o)
	if err != nil {
		_ = closePool(write)
		return nil, err
	}
	return &Store{dialect: sqliteDialect{}, sealer: sealer, write: write, read: read}, nil
}

func openSQLitePool(path, extra string, size int, o options) (*gorm.DB, error) {
	// synchronous(FULL): what was answered to a caller survives a loss of power.
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&" + extra
	pool, err := driver.Open(dsn)
	if err != nil {
		return nil, err
	}
	limitPool(pool, size)
	db, err := openGorm(gormlite.OpenDB(pool), o, true)
	if err != nil {
		_ = pool.Close()
	}
	return db, err
}

type sqliteDialect struct{}

func (sqliteDialect) name() string { return "sqlite" }

// skipTakenIDs has nothing to do: SQLite's AUTOINCREMENT is always past the largest id.
func (sqliteDialect) skipTakenIDs(*gorm.DB, string) error { return nil }

// lockKey has nothing to do: transactions are alone.
func (sqliteDialect) lockKey(*gorm.DB, string) error { return nil }
