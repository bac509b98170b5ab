package store

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// MigrationProgress is how far Migrate is with a step that takes a while.
type MigrationProgress struct {
	Name       string
	Number, Of int           // the step, from 1, and how many were pending
	Took       time.Duration // so far
	// Oldest is the oldest transaction on the same database of Postgres; empty: none is older than a second. Building an
	// index and changing a table wait for those that began before them.
	Oldest string
}

// WithMigrationProgress lets Migrate report how far it is, every five seconds, of each step that takes longer.
func WithMigrationProgress(report func(context.Context, MigrationProgress)) Option {
	return func(o *options) { o.progress.report = report }
}

// progress is to whom the progress of a step is reported, and how often.
type progress struct {
	report func(context.Context, MigrationProgress)
	every  time.Duration
}

const progressInterval = 5 * time.Second

// reportProgress reports how far a step is until it is stopped.
func (s *Store) reportProgress(ctx context.Context, step MigrationProgress) (stop func()) {
	if s.progress.report == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var reporting sync.WaitGroup
	reporting.Go(func() {
		ticker := time.NewTicker(s.progress.every)
		defer ticker.Stop()
		for began := time.Now(); ; {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			step.Took, step.Oldest = time.Since(began), s.oldestTransaction(ctx)
			s.progress.report(ctx, step)
		}
	})
	return func() {
		cancel()
		reporting.Wait()
	}
}

// oldestTransaction is reported beside what matters: where it cannot be found out, it is left out.
func (s *Store) oldestTransaction(ctx context.Context) string {
	if s.dialect.name() != "postgres" {
		return ""
	}
	var oldest []struct {
		Process         int
		ApplicationName string
		Seconds         int
	}
	err := s.reader(ctx).Raw(`SELECT pid AS process, application_name, CAST(extract(epoch FROM now() - xact_start) AS INT) AS seconds
	FROM pg_stat_activity
	WHERE datname = current_database() AND application_name <> ? AND backend_type = 'client backend'
		AND xact_start < now() - interval '1 second'
	ORDER BY xact_start LIMIT 1`, migrationApplication).Scan(&oldest).Error
	if err != nil || len(oldest) == 0 {
		return ""
	}
	return fmt.Sprintf(
		"process %d of Postgres (%s), for %d s", oldest[0].Process, oldest[0].ApplicationName, oldest[0].Seconds,
	)
}
