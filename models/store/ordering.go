package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/ringback/ringback/models/callback"
)

// LockKey locks a line, or whatever else has a name.
func (s *Store) LockKey(ctx context.Context, key string) error {
	return s.dialect.lockKey(s.writer(ctx), key)
}

// line is what waits or is sent of an ordering key.
func (s *Store) line(ctx context.Context, key string) *gorm.DB {
	return s.writer(ctx).Model(&callbackRow{}).Select("id").Where(
		s.dialect.byBytes("ordering_key")+" = ? AND finished_at IS NULL", key,
	)
}

// LineIsEmpty looks for one that has not ended.
func (s *Store) LineIsEmpty(ctx context.Context, key string) (bool, error) {
	waits, err := exists(s.line(ctx, key))
	return !waits, err
}

// ReleaseNext makes the first that is held due.
func (s *Store) ReleaseNext(ctx context.Context, key string, now time.Time) (*callback.Callback, error) {
	var rows []callbackRow
	err := s.writer(ctx).Model(&rows).Clauses(returning(lineColumns)).
		Where("id = (?)", s.line(ctx, key).Where("held").Order("id").Limit(1)).
		Updates(map[string]any{"held": false, "next_attempt_at": micros(now)}).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return s.callback(rows[0])
}

// Head finds the one that is not held.
func (s *Store) Head(ctx context.Context, key string) (*callback.Callback, error) {
	return s.firstOf(ctx, s.line(ctx, key).Where("NOT held"))
}

// FirstHeld finds the one that comes next.
func (s *Store) FirstHeld(ctx context.Context, key string) (*callback.Callback, error) {
	return s.firstOf(ctx, s.line(ctx, key).Where("held"))
}

// lineColumns are those of a callback in its line, without its body and headers.
var lineColumns = historyColumns + ", target_url, lane, local_since, error_message"

// firstOf finds the first of a line, without its body; nil where there is none.
func (s *Store) firstOf(ctx context.Context, line *gorm.DB) (*callback.Callback, error) {
	var rows []callbackRow
	if err := line.Select(lineColumns).Order("id").Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	return s.callback(rows[0])
}

// HoldsNewer looks through what is held.
func (s *Store) HoldsNewer(ctx context.Context, c *callback.Callback) (bool, error) {
	column := ofSource(c.Source.Of.Type)
	if column == "" {
		return false, nil
	}
	return exists(s.line(ctx, c.OrderingKey).Where("held AND replay_of_id IS NULL AND event = ?", storedEvent(c.Event)).
		Where(column+" > ?", c.Source.Of.Raw))
}

// laneSucceeded reads no more than the beginning of the index of what has ended.
const laneSucceeded = `SELECT EXISTS (SELECT 1 FROM (
	SELECT lane, status, finished_at FROM callbacks WHERE account_id = ? AND ` + isEnded + ` ORDER BY created_at DESC, id DESC LIMIT 1000
) AS last WHERE lane = ? AND status = 'SUCCESS' AND finished_at > ?)`

// LaneSucceeded looks at what has ended last.
func (s *Store) LaneSucceeded(ctx context.Context, accountID int64, lane callback.Lane, after time.Time) (bool, error) {
	return planned(ctx, s, func(s *Store) (succeeded bool, err error) {
		err = s.writer(ctx).Raw(laneSucceeded, accountID, lane.String(), micros(after)).Scan(&succeeded).Error
		return succeeded, err
	})
}

// AttemptedAt reads when the attempts before one began.
func (s *Store) AttemptedAt(ctx context.Context, callbackID int64, before int) (first, last time.Time, err error) {
	var began struct{ First, Last *int64 }
	err = s.writer(ctx).Model(&attemptRow{}).Where("callback_id = ? AND number < ?", callbackID, before).
		Select("min(started_at) AS first, max(started_at) AS last").Scan(&began).Error
	if err == nil && began.First != nil {
		first, last = fromMicros(*began.First), fromMicros(*began.Last)
	}
	return first, last, err
}

// isStuck are the words of an index: the first of a line that has failed.
const isStuck = "ordering_key IS NOT NULL AND status = 'PENDING' AND NOT held AND failure_count > 0"

// StuckHeads goes through the heads that have failed.
func (s *Store) StuckHeads(
	ctx context.Context, after int64, now, linedUpBy time.Time, limit int,
) ([]*callback.Callback, error) {
	return find(s.stuckHeads(ctx, after, now, linedUpBy, limit).Select(historyColumns+", lane"), s.callback)
}

func (s *Store) stuckHeads(ctx context.Context, after int64, now, linedUpBy time.Time, limit int) *gorm.DB {
	return s.reader(ctx).Where(isStuck+" AND callbacks.id > ? AND next_attempt_at > ? AND next_attempt_at < ?",
		after, micros(now), int64(pausedUntil)).
		Where("EXISTS (SELECT 1 FROM callbacks AS behind WHERE "+s.dialect.byBytes("behind.ordering_key")+" = callbacks.ordering_key "+
			"AND behind.finished_at IS NULL AND behind.held AND behind.created_at <= ?)", micros(linedUpBy)).Order("callbacks.id").Limit(limit)
}

// PullForward makes one due that nobody has claimed since it was read.
func (s *Store) PullForward(ctx context.Context, c *callback.Callback, now time.Time) (bool, error) {
	result := s.writer(ctx).Model(&callbackRow{}).Where("id = ? AND attempt_count = ? AND status = 'PENDING' AND NOT "+
		"held AND next_attempt_at < ?", c.ID, c.AttemptCount, int64(pausedUntil)).
		Update("next_attempt_at", micros(now))
	return result.RowsAffected == 1, result.Error
}

// DueNow makes one due that nobody has claimed since it was read; one that is due keeps its place among the others.
func (s *Store) DueNow(ctx context.Context, c *callback.Callback, now time.Time) (bool, error) {
	result := s.writer(ctx).Exec(`UPDATE callbacks SET next_attempt_at = CASE WHEN next_attempt_at < ? THEN next_attempt_at ELSE ? END
		WHERE id = ? AND attempt_count = ? AND status = 'PENDING' AND NOT held`, micros(now), micros(now), c.ID, c.AttemptCount)
	return result.RowsAffected == 1, result.Error
}
