package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
)

type processRow struct {
	UID     uuid.UUID `gorm:"primaryKey"`
	Role    string
	QueueID string
	Version string
	SeenAt  int64
}

func (processRow) TableName() string { return "processes" }

func process(r processRow) (*models.Process, error) {
	return &models.Process{
		UID: r.UID, Role: r.Role, QueueID: r.QueueID, Version: r.Version, SeenAt: fromMicros(r.SeenAt),
	}, nil
}

// Clock reads the database's clock.
func (s *Store) Clock(ctx context.Context) (time.Time, error) { return s.dialect.now(s.reader(ctx)) }

// SignIn writes or renews the row of a process, and deletes those that were not renewed for a while.
func (s *Store) SignIn(ctx context.Context, p *models.Process, forget time.Duration) error {
	clock := gorm.Expr(s.dialect.clock())
	err := s.writer(ctx).Exec("INSERT INTO processes (uid, role, queue_id, version, seen_at) VALUES (?, ?, ?, ?, ?)"+
		" ON CONFLICT (uid) DO UPDATE SET queue_id = excluded.queue_id, seen_at = excluded.seen_at",
		p.UID, p.Role, p.QueueID, p.Version, clock).Error
	if err != nil {
		return err
	}
	return s.writer(ctx).Exec("DELETE FROM processes WHERE seen_at < ? - ?", clock, forget.Microseconds()).Error
}

// SignOut deletes the row of a process.
func (s *Store) SignOut(ctx context.Context, uid uuid.UUID) error {
	return s.writer(ctx).Exec("DELETE FROM processes WHERE uid = ?", uid).Error
}

// ProcessesSeen returns the processes whose rows were renewed within a time.
func (s *Store) ProcessesSeen(ctx context.Context, within time.Duration) ([]*models.Process, error) {
	return find(
		s.reader(ctx).Where("seen_at >= ? - ?", gorm.Expr(s.dialect.clock()), within.Microseconds()).Order("uid"), process,
	)
}
