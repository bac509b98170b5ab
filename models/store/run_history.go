package store

import (
	"context"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/run"
)

// runColumns are all but the headers of the run's callbacks, which only their delivery needs.
const runColumns = "id, uid, account_id, project_id, action_id, schedule_id, created_by_user_id, status, " +
	"max_results, page_size, callback_on, " +
	"callback_url, input_count, batch_count, open_batch_count, output_count, stored_bytes, error, created_at, " +
	"started_at, finished_at, payload_purged_at"

func (s *Store) runsWithin(ctx context.Context, scope models.Scope) *gorm.DB {
	return redacting(ofProject(s.reader(ctx).Model(&runRow{}), scope), scope, runColumns)
}

// shownRunRow and shownBatchRow are rows as a scope sees them.
type (
	shownRunRow struct {
		Run      runRow `gorm:"embedded"`
		Redacted bool
	}
	shownBatchRow struct {
		Batch    batchRow `gorm:"embedded"`
		Redacted bool
	}
)

func (s *Store) shownRun(r shownRunRow) (*run.Run, error) {
	found, err := s.run(r.Run)
	if r.Redacted {
		found.Error = found.Error.Redacted()
	}
	return found, err
}

func shownBatch(r shownBatchRow) (*run.Batch, error) {
	found, err := batch(r.Batch)
	if r.Redacted {
		found.Error = found.Error.Redacted()
	}
	return found, err
}

// redacting selects columns, and whether the words of an executor are out of sight: what it answers is a body.
func redacting(db *gorm.DB, scope models.Scope, columns string) *gorm.DB {
	if scope.SSOClientID() == 0 {
		return db.Select(columns)
	}
	return db.Select(columns+", account_id NOT IN ("+accountsOfPartner(scope.Payloads())+") AS redacted", scope.SSOClientID())
}

// Runs finds runs by id.
func (s *Store) Runs(ctx context.Context, scope models.Scope, ids ...int64) ([]*run.Run, error) {
	return find(s.runsWithin(ctx, scope).Where(s.among("id", &ids)), s.shownRun)
}

// RunByUID finds one run.
func (s *Store) RunByUID(ctx context.Context, scope models.Scope, uid uuid.UUID) (*run.Run, error) {
	return first(s.runsWithin(ctx, scope).Where("uid = ?", uid), models.TypeRun, s.shownRun)
}

// runOwners are the columns and fields that runs are listed by.
var runOwners = map[run.Parent]struct {
	column string
	id     func(*run.Run) int64
}{
	run.OfProject:  {"project_id", func(r *run.Run) int64 { return r.ProjectID }},
	run.OfSchedule: {"schedule_id", func(r *run.Run) int64 { return *r.ScheduleID }},
}

// RunPages lists the runs of owners.
func (s *Store) RunPages(
	ctx context.Context, scope models.Scope, owner run.Parent, ids []int64, filter run.Filter, page models.Page,
) (map[int64]*models.PageOf[*run.Run], error) {
	by := runOwners[owner]
	return pagesOf(ctx, s, ids, page, func(id int64) *gorm.DB {
		return redacting(s.filteredRuns(ctx, scope, filter), scope, runColumns).Where(by.column+" = ?", id)
	}, s.shownRun, by.id)
}

// CountRuns counts what RunPages lists.
func (s *Store) CountRuns(
	ctx context.Context, scope models.Scope, owner run.Parent, ids []int64, filter run.Filter,
) (map[int64]int, error) {
	return planned(ctx, s, func(s *Store) (map[int64]int, error) {
		return countBy(s.filteredRuns(ctx, scope, filter), runOwners[owner].column, ids)
	})
}

func (s *Store) filteredRuns(ctx context.Context, scope models.Scope, filter run.Filter) *gorm.DB {
	db := ofProject(s.reader(ctx).Model(&runRow{}), scope)
	if len(filter.Status) > 0 {
		db = db.Where("status IN ?", filter.Status)
	}
	if len(filter.Action) > 0 {
		named := s.reader(ctx).Model(&actionRow{}).Select("id").Where(
			"actions.account_id = runs.account_id AND "+s.dialect.byBytes("name")+" IN ?", filter.Action,
		)
		db = db.Where("action_id IN (?)", named)
	}
	if filter.CreatedAfter != nil {
		db = db.Where("created_at >= ?", micros(*filter.CreatedAfter))
	}
	if filter.CreatedBefore != nil {
		db = db.Where("created_at < ?", micros(*filter.CreatedBefore))
	}
	return db
}

// batchColumns are all but the results, which can be 1 MiB.
const batchColumns = "id, uid, account_id, project_id, action_id, run_id, input_id, page, status, attempt_count, " +
	"failure_count, " +
	"panic_count, interruption_count, unreadable_since, next_attempt_at, lease_until, has_more, empty, result_count, " +
	"error, created_at, started_at, finished_at"

// Batches finds batches by id.
func (s *Store) Batches(ctx context.Context, scope models.Scope, ids ...int64) ([]*run.Batch, error) {
	return find(redacting(s.batchesWithin(ctx, scope), scope, batchColumns).Where(s.among("id", &ids)), shownBatch)
}

// BatchPages lists the batches of runs.
func (s *Store) BatchPages(
	ctx context.Context, scope models.Scope, runIDs []int64, page models.Page,
) (map[int64]*models.PageOf[*run.Batch], error) {
	// Were the run told by an equality, all batches in the order of their ids would seem as good to Postgres.
	above, below, direction := numbersOf(page)
	part := func(id int64) *gorm.DB {
		return redacting(s.batchesWithin(ctx, scope), scope, batchColumns).
			Where("(run_id, id) > (?, ?) AND (run_id, id) < (?, ?)", id, above, id, below).
			Order("run_id" + direction + ", id" + direction).Limit(page.First + 1)
	}
	return unionOf(ctx, s, runIDs, page, part, shownBatch, func(b *run.Batch) int64 { return b.RunID }, upwards)
}

// CountBatches counts what BatchPages lists.
func (s *Store) CountBatches(ctx context.Context, scope models.Scope, runIDs []int64) (map[int64]int, error) {
	return planned(ctx, s, func(s *Store) (map[int64]int, error) {
		return countBy(ofProject(s.reader(ctx).Model(&batchRow{}), scope), "run_id", runIDs)
	})
}

// BatchAttempts finds the calls of the executor for batches, without their headers. What is wrong with its URL, and
// where that leads, is for the platform, as the URL is.
func (s *Store) BatchAttempts(ctx context.Context, scope models.Scope, batchIDs ...int64) ([]*run.BatchAttempt, error) {
	return planned(ctx, s, func(s *Store) ([]*run.BatchAttempt, error) {
		visible := ofProject(s.reader(ctx).Model(&batchRow{}), scope).Select("id").Where(s.among("id", &batchIDs))
		hidden := []string{"headers"}
		if !scope.Everything() {
			hidden = append(hidden, "warning", "connection")
		}
		return find(s.reader(ctx).Where("batch_id IN (?)", visible).Order("id").Omit(hidden...), batchAttempt)
	})
}

// BatchesWithResults reads the batches of runs from one on. What is left of that one is unknown here, so it does not
// count.
func (s *Store) BatchesWithResults(
	ctx context.Context, scope models.Scope, runIDs []int64, fromBatchID int64, results int,
) ([]*run.Batch, error) {
	return planned(ctx, s, func(s *Store) ([]*run.Batch, error) {
		return find(s.queryResults(ctx, scope, runIDs, fromBatchID, results), batch)
	})
}

// neededBatches are those of one run: each has a result at least, but for the one to begin from, which does not count.
// The run is told as in BatchPages.
const neededBatches = "SELECT id FROM (" +
	"SELECT id, sum(CASE WHEN id = ? THEN 0 ELSE result_count END) OVER (ORDER BY id) - result_count AS results_before " +
	"FROM (" +
	"SELECT id, result_count FROM run_batches WHERE (run_id, id) >= (?, ?) AND run_id <= ? " +
	"AND result_count > 0 AND results IS NOT NULL ORDER BY run_id, id LIMIT ?" +
	") AS held) AS running WHERE results_before < ?"

func (s *Store) queryResults(
	ctx context.Context, scope models.Scope, runIDs []int64, fromBatchID int64, results int,
) *gorm.DB {
	visible := func(ids ...int64) *gorm.DB {
		return ofProject(s.reader(ctx).Model(&runRow{}), scope).Select("id").Where(s.among("id", &ids))
	}
	needed := s.dialect.ofEach(runIDs, visible, func(runID clause.Expr) clause.Expression {
		return gorm.Expr(neededBatches, fromBatchID, runID, fromBatchID, runID, results+1, results)
	})
	asked := func() *gorm.DB { return s.batchesWithin(ctx, scope.Payloads()).Where(s.dialect.chosen(), needed) }
	return s.readable(ctx, asked, "results").Order("id")
}
