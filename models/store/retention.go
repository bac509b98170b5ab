package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/ringback/ringback/models"
)

// PurgeCallbacks deletes what ended long ago.
func (s *Store) PurgeCallbacks(ctx context.Context, endedBefore time.Time, limit int) (int, error) {
	var rows []callbackRow
	err := s.locked(ctx).Select("id, replay_of_id, dedup_key").Where("finished_at < ?", micros(endedBefore)).
		Where("NOT EXISTS (SELECT 1 FROM callbacks AS child WHERE child.replay_of_id = callbacks.id)").
		Where("NOT EXISTS (SELECT 1 FROM callbacks AS child WHERE child.cause_id = callbacks.id)").
		Order("finished_at").Limit(limit).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	ids, replays := make([]int64, len(rows)), map[int64]int{}
	for i, r := range rows {
		ids[i] = r.ID
		if r.ReplayOfID != nil { // the release that made it may not have counted it
			replays[*r.ReplayOfID] = max(replays[*r.ReplayOfID], models.ReplayNumber(r.DedupKey))
		}
	}
	if err := s.CountReplays(ctx, replays); err != nil {
		return 0, err
	}
	if err := s.writer(ctx).Where(s.among("callback_id", &ids)).Delete(&attemptRow{}).Error; err != nil {
		return 0, err
	}
	result := s.writer(ctx).Where(s.among("id", &ids)).Delete(&callbackRow{})
	return int(result.RowsAffected), result.Error
}

const countReplays = `UPDATE callbacks SET replay_count = given.number FROM given
WHERE callbacks.id = given.id AND callbacks.replay_count < given.number`

// CountReplays notes the numbers that replays have had, by original.
func (s *Store) CountReplays(ctx context.Context, numbers map[int64]int) error {
	if len(numbers) == 0 {
		return nil
	}
	ids := slices.Sorted(maps.Keys(numbers))
	given, args := s.given(len(ids),
		columnOf("id", "bigint", ids, func(id int64) int64 { return id }),
		columnOf("number", "bigint", ids, func(id int64) int { return numbers[id] }),
	)
	return s.writer(ctx).Exec(given+countReplays, args...).Error
}
