package store

import (
	"context"
	"time"
)

type sweepRow struct {
	ID         int64
	SweptAt    int64
	GraceUntil int64
}

func (sweepRow) TableName() string { return "sweeps" }

// swept keeps the latest time, since one that was asked for before may be noted after it; but for one that can only be
// of a clock that was set back.
const swept = `INSERT INTO sweeps (id, swept_at, grace_until) VALUES (1, ?, 0) ON CONFLICT (id) DO UPDATE SET
	grace_until = CASE WHEN sweeps.swept_at < ? THEN ? ELSE sweeps.grace_until END,
	swept_at = CASE WHEN sweeps.swept_at BETWEEN excluded.swept_at AND ? THEN sweeps.swept_at ELSE excluded.swept_at END
RETURNING id, swept_at, grace_until`

// Swept notes a sweep.
func (s *Store) Swept(ctx context.Context, now, lastSince, graceUntil time.Time) (time.Time, error) {
	var row sweepRow
	err := s.writer(ctx).Raw(
		swept, micros(now), micros(lastSince), micros(graceUntil), micros(graceUntil),
	).Scan(&row).Error
	return fromMicros(row.GraceUntil), err
}
