package store

import (
	"context"
	"time"
)

// PurgeCallbacks deletes what ended long ago.
func (s *Store) PurgeCallbacks(ctx context.Context, endedBefore time.Time, limit int) (int, error) {
	var ids []int64
	err := s.locked(ctx).Where("finished_at < ?", micros(endedBefore)).
		Where("NOT EXISTS (SELECT 1 FROM callbacks AS child WHERE child.replay_of_id = callbacks.id)").
		Where("NOT EXISTS (SELECT 1 FROM callbacks AS child WHERE child.cause_id = callbacks.id)").
		Order("finished_at").Limit(limit).Pluck("id", &ids).Error
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if err := s.writer(ctx).Where(s.among("callback_id", &ids)).Delete(&attemptRow{}).Error; err != nil {
		return 0, err
	}
	result := s.writer(ctx).Where(s.among("id", &ids)).Delete(&callbackRow{})
	return int(result.RowsAffected), result.Error
}
