package store

import (
	"context"
	"time"
)

type rateRow struct {
	Key     string `gorm:"primaryKey"`
	BeganAt int64
	Uses    int
}

func (rateRow) TableName() string { return "rates" }

// countUse begins a window anew where it is over, and where it begins in the future: then the clock was set back.
const countUse = `INSERT INTO rates (key, began_at, uses) VALUES (?, ?, 1) ON CONFLICT (key) DO UPDATE SET
	began_at = CASE WHEN rates.began_at BETWEEN ? AND excluded.began_at THEN rates.began_at ELSE excluded.began_at END,
	uses = CASE WHEN rates.began_at BETWEEN ? AND excluded.began_at THEN rates.uses + 1 ELSE 1 END
RETURNING key, began_at, uses`

// CountUse counts one more. Who counts the same key at the same moment waits, to the end of the transaction.
func (s *Store) CountUse(
	ctx context.Context, key string, now time.Time, window time.Duration,
) (began time.Time, uses int, err error) {
	var row rateRow
	since := micros(now.Add(-window)) + 1
	err = s.writer(ctx).Raw(countUse, key, micros(now), since, since).Scan(&row).Error
	return fromMicros(row.BeganAt), row.Uses, err
}

// ForgetUse has a window without uses begin long ago, so that the next begins one.
func (s *Store) ForgetUse(ctx context.Context, key string, began time.Time) error {
	return s.writer(ctx).Exec("UPDATE rates SET uses = uses - 1, began_at = CASE WHEN uses = 1 THEN 0 ELSE began_at END "+
		"WHERE key = ? AND began_at = ? AND uses > 0", key, micros(began)).Error
}
