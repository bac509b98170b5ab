package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

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
	p, err := s.migrationProvider(ctx, true)
	if err != nil {
		return nil, err
	}
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
	p, err := s.migrationProvider(ctx, false)
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

func (s *Store) migrationProvider(ctx context.Context, lockSchema bool) (*goose.Provider, error) {
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
	// goose's own lock is one for the whole database, and it asks for it every 5 s.
	var id int64
	if err := pool.QueryRowContext(ctx, "SELECT hashtextextended('ringback migrate ' || current_schema(), 0)").Scan(&id); err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(id), lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, pool, folder, goose.WithSessionLocker(locker))
}
