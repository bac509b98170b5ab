package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/ringback/ringback/models"
)

//go:embed migrations
var migrations embed.FS

const (
	// migrationLease is how long others wait for one that was killed while it migrated. It is renewed every 3 s.
	migrationLease = 15 * time.Second
	// migrationPatience is how often, once a second, one asks whether another has done with migrating: 5 min.
	migrationPatience = 300
	// migrationPoll is how often one asks on SQLite.
	migrationPoll = 100 * time.Millisecond
)

// ErrPendingMigrations is returned where the schema must be up to date and is not.
var ErrPendingMigrations = errors.New("the database has pending migrations; run: ringback migrate up")

// Migration is one step of the schema.
type Migration struct {
	Version int64
	Name    string
	Applied bool
}

// Migrate brings the schema up to date and returns what it applied, also where it fails. Processes that start together
// wait for each other. It takes as long as it takes; one that is broken off goes on with the step in which it was.
// Steps of more than a few seconds are told to WithMigrationProgress.
func (s *Store) Migrate(ctx context.Context) (applied []Migration, err error) {
	unlock, err := s.lockMigrations(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	pool, closePool, err := s.migrationPool()
	if err != nil {
		return nil, err
	}
	defer func() { _ = closePool() }()
	p, err := s.migrationProvider(pool)
	if err != nil {
		return nil, err
	}
	list, err := migrationsOf(ctx, p)
	if err != nil {
		return nil, err
	}
	pending := slices.DeleteFunc(list, func(m Migration) bool { return m.Applied })
	for i, m := range pending {
		if err := s.apply(ctx, p, MigrationProgress{Name: m.Name, Number: i + 1, Of: len(pending)}); err != nil {
			return pending[:i], fmt.Errorf("migrate: %w", err)
		}
		pending[i].Applied = true
	}
	return pending, nil
}

// apply applies the next step. One that could not have a lock is undone or can be repeated, and is tried again.
func (s *Store) apply(ctx context.Context, p *goose.Provider, step MigrationProgress) error {
	stop := s.reportProgress(ctx, step)
	defer stop()
	for began := time.Now(); ; {
		_, err := p.UpByOne(models.LongStatements(ctx)) // to build an index takes as long as it takes
		if err != nil && ctx.Err() != nil {             // whatever the driver calls it
			return ctx.Err()
		}
		if !lockFailed(err) || time.Since(began) > lockPatience {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockPause):
		}
	}
}

// Migrations lists every step and whether it was applied.
func (s *Store) Migrations(ctx context.Context) ([]Migration, error) {
	pool, err := s.write.DB()
	if err != nil {
		return nil, err
	}
	p, err := s.migrationProvider(pool)
	if err != nil {
		return nil, err
	}
	return migrationsOf(ctx, p)
}

func migrationsOf(ctx context.Context, p *goose.Provider) ([]Migration, error) {
	statuses, err := p.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	list := make([]Migration, len(statuses))
	for i, m := range statuses {
		list[i] = Migration{m.Source.Version, m.Source.Path, m.State == goose.StateApplied}
	}
	return list, nil
}

// CheckMigrated returns ErrPendingMigrations when the schema is behind.
func (s *Store) CheckMigrated(ctx context.Context) error {
	list, err := s.Migrations(ctx)
	if err != nil {
		return err
	}
	for _, m := range list {
		if !m.Applied {
			return ErrPendingMigrations
		}
	}
	return nil
}

// migrationPool is where migrations run: on Postgres on a connection of their own.
func (s *Store) migrationPool() (pool *sql.DB, closePool func() error, err error) {
	if s.migrating != nil {
		pool = s.migrating()
		return pool, pool.Close, nil
	}
	pool, err = s.write.DB()
	return pool, func() error { return nil }, err
}

func (s *Store) migrationProvider(pool *sql.DB) (*goose.Provider, error) {
	folder, err := fs.Sub(migrations, "migrations/"+s.dialect.name())
	if err != nil {
		return nil, err
	}
	dialect := goose.DialectPostgres
	if s.dialect.name() == "sqlite" {
		dialect = goose.DialectSQLite3
	}
	// Between releases steps are added in any order: one with a smaller number than the last that was applied is pending
	// like any other.
	return goose.NewProvider(dialect, pool, folder, goose.WithAllowOutofOrder(true))
}

// lockMigrations keeps others from migrating. On Postgres it is a row with a lease, and not a session's lock: a pooler
// may give each statement to another session. On SQLite it is a lock on a file beside the database's, which ends with
// the process.
func (s *Store) lockMigrations(ctx context.Context) (unlock func() error, err error) {
	if s.dialect.name() != "sqlite" {
		return s.lockMigrationsRow(ctx)
	}
	var path string
	if err := s.writer(ctx).Raw(
		"SELECT file FROM pragma_database_list WHERE name = 'main'",
	).Scan(&path).Error; err != nil {
		return nil, err
	}
	file := flock.New(path+".migrate", flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	ctx, cancel := context.WithTimeout(ctx, migrationPatience*time.Second)
	defer cancel()
	if _, err := file.TryLockContext(ctx, migrationPoll); err != nil {
		return nil, fmt.Errorf("wait for another that migrates: %w", err)
	}
	return file.Close, nil // the file stays: another may be about to lock it
}

func (s *Store) lockMigrationsRow(ctx context.Context) (unlock func() error, err error) {
	pool, err := s.write.DB()
	if err != nil {
		return nil, err
	}
	row, err := lock.NewPostgresTableLocker(lock.WithTableLeaseDuration(migrationLease), lock.WithTableHeartbeatInterval(migrationLease/5),
		lock.WithTableLockTimeout(time.Second, migrationPatience), lock.WithTableRetryPolicy(mayPass))
	if err != nil {
		return nil, err
	}
	return func() error { return row.Unlock(ctx, pool) }, row.Lock(ctx, pool)
}
