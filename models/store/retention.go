package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models/callback"
)

// heavy is a row that goes with others that belong to it.
type heavy struct {
	ID         int64
	ReplayOfID *int64
	DedupKey   string
	Weight     int
}

// fitting are the ids of the first rows that together have no more rows than the limit, or of the first one, and how
// many rows those are.
func fitting(rows []heavy, limit int) (ids []int64, weight int) {
	for _, r := range rows {
		if weight += r.Weight; weight > limit && len(ids) > 0 {
			return ids, weight - r.Weight
		}
		ids = append(ids, r.ID)
	}
	return ids, weight
}

// endedCallbacks are the oldest of those that a condition is true of, with their attempts: half as many as the limit
// has room for rows, as each has an attempt.
func (s *Store) endedCallbacks(
	ctx context.Context, columns, condition, order string, endedBefore time.Time, limit int,
) (rows []heavy, err error) {
	err = s.locked(ctx).Select("id, 1 + attempt_count AS weight"+columns).Where(condition, micros(endedBefore)).
		Order(order).Limit(limit/2 + 1).Find(&rows).Error
	return rows, err
}

// PurgeCallbacks deletes what ended long ago.
func (s *Store) PurgeCallbacks(ctx context.Context, endedBefore time.Time, limit int) (callbacks, rows int, err error) {
	ended, err := s.endedCallbacks(ctx, ", replay_of_id, dedup_key", `finished_at < ?
		AND NOT EXISTS (SELECT 1 FROM callbacks AS child WHERE child.replay_of_id = callbacks.id)
		AND NOT EXISTS (SELECT 1 FROM callbacks AS child WHERE child.cause_id = callbacks.id)`, "finished_at", endedBefore, limit)
	ids, rows := fitting(ended, limit)
	if err != nil || rows == 0 {
		return 0, 0, err
	}
	replays := map[int64]int{}
	for _, r := range ended[:len(ids)] {
		if r.ReplayOfID != nil { // the release that made it may not have counted it
			replays[*r.ReplayOfID] = max(replays[*r.ReplayOfID], callback.ReplayNumber(r.DedupKey))
		}
	}
	if err := s.CountReplays(ctx, replays); err != nil {
		return 0, 0, err
	}
	if err := s.writer(ctx).Where(s.among("callback_id", &ids)).Delete(&attemptRow{}).Error; err != nil {
		return 0, 0, err
	}
	return len(ids), rows, s.writer(ctx).Where(s.among("id", &ids)).Delete(&callbackRow{}).Error
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

// hasPayload is the condition of an index, and inOrder its order.
const (
	inOrder    = "finished_at + 0"
	hasPayload = "finished_at IS NOT NULL AND payload_purged_at IS NULL AND " + inOrder + " < ?"
)

// PurgeCallbackPayloads empties what ended long ago.
func (s *Store) PurgeCallbackPayloads(
	ctx context.Context, endedBefore, now time.Time, limit int,
) (callbacks, rows int, err error) {
	ended, err := s.endedCallbacks(ctx, "", hasPayload, inOrder, endedBefore, limit)
	ids, rows := fitting(ended, limit)
	if err != nil || rows == 0 {
		return 0, 0, err
	}
	err = s.writer(ctx).Model(&attemptRow{}).Where(s.among("callback_id", &ids)).
		Where("length(response_body) > 0 OR length(headers) > 0").
		Updates(map[string]any{"response_body": gorm.Expr("NULL"), "headers": gorm.Expr("NULL")}).Error
	if err != nil {
		return 0, 0, err
	}
	return len(ids), rows, s.writer(ctx).Model(&callbackRow{}).Where(s.among("id", &ids)).
		Updates(map[string]any{"body": []byte{}, "payload_purged_at": micros(now)}).Error
}

// endedRuns are the oldest of those that a condition is true of: a few, as each has an input, a batch and its attempt.
func (s *Store) endedRuns(
	ctx context.Context, condition, order string, endedBefore time.Time, limit int,
) (ids []int64, weight int, err error) {
	var rows []heavy
	free := s.writer(ctx).Model(&runRow{}).Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"})
	err = free.Select("id, 1 + input_count + batch_count AS weight").Where(condition, micros(endedBefore)).
		Order(order).Limit(limit/4 + 1).Find(&rows).Error
	ids, weight = fitting(rows, limit)
	return ids, weight, err
}

// PurgeRuns deletes runs that ended long ago and nothing tells of any more.
func (s *Store) PurgeRuns(ctx context.Context, endedBefore time.Time, limit int) (runs, rows int, err error) {
	ids, _, err := s.endedRuns(
		ctx, `finished_at < ? AND NOT EXISTS (SELECT 1 FROM callbacks WHERE callbacks.run_id = runs.id)`, "finished_at",
		endedBefore, limit,
	)
	if err != nil || len(ids) == 0 {
		return 0, 0, err
	}
	rows, err = s.purgeBatches(ctx, ids, limit)
	if err != nil || rows >= limit {
		return 0, rows, err
	}
	inputs, err := s.some(ctx, &runInputRow{}, ids, "true", limit-rows, func(some *gorm.DB) *gorm.DB {
		return some.Delete(&runInputRow{})
	})
	if rows += inputs; err != nil || rows >= limit {
		return 0, rows, err
	}
	return len(ids), rows + len(ids), s.writer(ctx).Where(s.among("id", &ids)).Delete(&runRow{}).Error
}

// purgeBatches deletes batches of runs with their attempts, and returns how many rows: the limit or more where there
// may be more of them.
func (s *Store) purgeBatches(ctx context.Context, runIDs []int64, limit int) (rows int, err error) {
	var batches []heavy
	err = s.writer(ctx).Model(&batchRow{}).Select("id, 1 + attempt_count AS weight").
		Where(s.among("run_id", &runIDs)).Limit(limit).Find(&batches).Error
	ids, rows := fitting(batches, limit)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if err := s.writer(ctx).Where(s.among("batch_id", &ids)).Delete(&batchAttemptRow{}).Error; err != nil {
		return 0, err
	}
	if len(ids) < len(batches) {
		rows = limit
	}
	return rows, s.writer(ctx).Where(s.among("id", &ids)).Delete(&batchRow{}).Error
}

// some changes rows of runs that a condition is true of, up to a limit.
func (s *Store) some(
	ctx context.Context, row any, runIDs []int64, condition string, limit int, change func(*gorm.DB) *gorm.DB,
) (int, error) {
	chosen := s.writer(ctx).Model(row).Select("id").Where(s.among("run_id", &runIDs)).Where(condition).Limit(limit)
	result := change(s.writer(ctx).Model(row).Where(s.dialect.chosen(), chosen))
	return int(result.RowsAffected), result.Error
}

// PurgeRunPayloads empties the inputs and results of runs that ended long ago.
func (s *Store) PurgeRunPayloads(
	ctx context.Context, endedBefore, now time.Time, limit int,
) (runs, rows int, err error) {
	ids, _, err := s.endedRuns(ctx, hasPayload, inOrder, endedBefore, limit)
	if err != nil || len(ids) == 0 {
		return 0, 0, err
	}
	rows, err = s.some(ctx, &batchRow{}, ids, "results IS NOT NULL", limit, func(some *gorm.DB) *gorm.DB {
		return some.Update("results", gorm.Expr("NULL"))
	})
	if err != nil || rows >= limit {
		return 0, rows, err
	}
	inputs, err := s.some(ctx, &runInputRow{}, ids, "length(input) > 0", limit-rows, func(some *gorm.DB) *gorm.DB {
		return some.Updates(map[string]any{"input": []byte{}, "custom_data": gorm.Expr("NULL")})
	})
	if rows += inputs; err != nil || rows >= limit {
		return 0, rows, err
	}
	calls, err := s.purgeCallHeaders(ctx, ids, limit-rows)
	if rows += calls; err != nil || rows >= limit {
		return 0, rows, err
	}
	err = s.writer(ctx).Model(&runRow{}).Where(s.among("id", &ids)).Update("payload_purged_at", micros(now)).Error
	return len(ids), rows + len(ids), err
}

// purgeCallHeaders empties what was said beside the bodies in calls for runs.
func (s *Store) purgeCallHeaders(ctx context.Context, runIDs []int64, limit int) (int, error) {
	batches := s.writer(ctx).Model(&batchRow{}).Select("id").Where(s.among("run_id", &runIDs))
	chosen := s.writer(ctx).Model(&batchAttemptRow{}).Select("id").
		Where("length(headers) > 0 AND batch_id IN (?)", batches).Limit(limit)
	result := s.writer(ctx).Model(&batchAttemptRow{}).Where(s.dialect.chosen(), chosen).
		Update("headers", gorm.Expr("NULL"))
	return int(result.RowsAffected), result.Error
}

// PurgeSources goes through a table by its ids: an index of what has ended would cost each of them, and few
// installations need it.
func (s *Store) PurgeSources(
	ctx context.Context, typeName string, endedBefore time.Time, after int64, limit int,
) (gone int, last int64, err error) {
	i := slices.IndexFunc(callbackSources, func(s callbackSource) bool { return s.typeName == typeName && s.ended != "" })
	if i < 0 {
		return 0, 0, fmt.Errorf("purge: the sources %q have no table here", typeName)
	}
	of := callbackSources[i]
	next := s.writer(ctx).Table(of.row.TableName()).Select("id").Where("id > ?", after).Order("id").Limit(limit)
	err = s.writer(ctx).Table("(?) AS next", next).Select("COALESCE(max(id), 0)").Scan(&last).Error
	if err != nil || last == 0 {
		return 0, 0, err
	}
	var ids []int64
	err = s.writer(ctx).Table(of.row.TableName()).Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"}).
		Where(
			"id > ? AND id <= ? AND "+of.ended+" < ? AND "+of.free(), after, last, micros(endedBefore),
		).Pluck("id", &ids).Error
	if err != nil || len(ids) == 0 {
		return 0, last, err
	}
	return len(ids), last, s.writer(ctx).Where(s.among("id", &ids)).Delete(of.row).Error
}
