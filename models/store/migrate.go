package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
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

// Migrate brings the schema up to date and returns what it applied. Processes that start together wait for each other.
func (s *Store) Migrate(ctx context.Context) ([]Migration, error) {
	p, err := s.migrationProvider(true)
	if err != nil {
		return nil, err
	}
	unlock, err := s.lockMigrations(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	results, err := p.Up(unbounded(ctx)) // to build an index takes as long as it takes
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	applied := make([]Migration, len(results))
	for i, r := range results {
		applied[i] = Migration{r.Source.Version, r.Source.Path, true}
	}
	return applied, nil
}

// Migrations lists every step and whether it was applied.
func (s *Store) Migrations(ctx context.Context) ([]Migration, error) {
	p, err := s.migrationProvider(false)
	if err != nil {
		return nil, err
	}
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

func (s *Store) migrationProvider(lockSchema bool) (*goose.Provider, error) {
	pool, err := s.write.DB()
	if err != nil {
		return nil, err
	}
	folder, err := fs.Sub(migrations, "migrations/"+s.dialect.name())
	if err != nil {
		return nil, err
	}
	if s.dialect.name() == "sqlite" {
		return goose.NewProvider(goose.DialectSQLite3, pool, folder)
	}
	if !lockSchema {
		return goose.NewProvider(goose.DialectPostgres, pool, folder)
	}
	// A row with a lease, and not a session's lock: a pooler may give each statement to another session.
	locker, err := lock.NewPostgresTableLocker(lock.WithTableLeaseDuration(migrationLease), lock.WithTableHeartbeatInterval(migrationLease/5),
		lock.WithTableLockTimeout(time.Second, migrationPatience))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, pool, folder, goose.WithLocker(locker))
}

// lockMigrations keeps others from migrating SQLite's file, with a lock on a file beside it that ends with the process. Postgres has its row.
func (s *Store) lockMigrations(ctx context.Context) (unlock func() error, err error) {
	if s.dialect.name() != "sqlite" {
		return func() error { return nil }, nil
	}
	var path string
	if err := s.writer(ctx).Raw("SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&path).Error; err != nil {
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
