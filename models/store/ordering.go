package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
)

// LockOrderingKey locks a line.
func (s *Store) LockOrderingKey(ctx context.Context, key string) error {
	return s.dialect.lockKey(s.writer(ctx), key)
}

// line is what waits or is sent of an ordering key.
func (s *Store) line(ctx context.Context, key string) *gorm.DB {
	return s.writer(ctx).Model(&callbackRow{}).Select("id").Where(s.dialect.byBytes("ordering_key")+" = ? AND finished_at IS NULL", key)
}

// LineIsEmpty looks for one that has not ended.
func (s *Store) LineIsEmpty(ctx context.Context, key string) (bool, error) {
	var ids []int64
	err := s.line(ctx, key).Limit(1).Pluck("id", &ids).Error
	return len(ids) == 0, err
}

// ReleaseNext makes the first that is held due.
func (s *Store) ReleaseNext(ctx context.Context, key string, now time.Time) (*models.Callback, error) {
	var rows []callbackRow
	err := s.writer(ctx).Model(&rows).Clauses(clause.Returning{}).
		Where("id = (?)", s.line(ctx, key).Where("held").Order("id").Limit(1)).
		Updates(map[string]any{"held": false, "next_attempt_at": micros(now)}).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return s.callback(rows[0])
}
