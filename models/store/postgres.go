package store

import (
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

func isPostgres(databaseURL string) bool {
	return strings.HasPrefix(databaseURL, "postgres://") || strings.HasPrefix(databaseURL, "postgresql://")
}

// statementTimeout ends, on the server, a statement whose caller has given up; in milliseconds.
const statementTimeout = "30000"

func openPostgres(databaseURL string, sealer *Sealer, o options) (*Store, error) {
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["statement_timeout"] = statementTimeout
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "ringback"
	}
	pool := stdlib.OpenDB(*config)
	limitPool(pool, o.maxConns)
	// pgx caches prepared statements itself; a second cache in gorm makes it slower.
	db, err := openGorm(dialector{&postgres.Dialector{Config: &postgres.Config{Conn: pool}}}, o, false)
	if err != nil {
		_ = pool.Close()
		return nil, err
	}
	return &Store{dialect: postgresDialect{}, sealer: sealer, write: db, read: db, begin: db}, nil
}

// dialector is gorm's, without the work of putting values into a statement's text: the trace never shows them, and in a statement
// with thousands of placeholders it would cost more than to execute it.
type dialector struct{ *postgres.Dialector }

// Explain is gorm.Dialector.
func (dialector) Explain(statement string, _ ...any) string { return statement }

type postgresDialect struct{}

func (postgresDialect) name() string { return "postgres" }

func (postgresDialect) skipTakenIDs(db *gorm.DB, table string) error {
	return db.Exec("SELECT setval(pg_get_serial_sequence(?, 'id'), (SELECT max(id) FROM "+table+"))", table).Error
}

// lockKey: two texts with the same hash only wait for each other without need.
func (postgresDialect) lockKey(db *gorm.DB, key string) error {
	return db.Exec("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", key).Error
}
