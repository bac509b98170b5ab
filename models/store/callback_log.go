package store

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/run"
)

// logRow is a callback with the uids of what belongs to it.
type logRow struct {
	Callback  callbackRow `gorm:"embedded"`
	ParentUID *uuid.UUID
	RunUID    uuid.UUID
	BatchUID  *uuid.UUID
}

// logUIDs are of what belongs to a callback.
const logUIDs = ", " +
	"(SELECT original.uid FROM callbacks AS original WHERE original.id = callbacks.replay_of_id) AS parent_uid, " +
	"(SELECT uid FROM runs WHERE runs.id = callbacks.run_id) AS run_uid, " +
	"(SELECT uid FROM run_batches WHERE run_batches.id = callbacks.batch_id) AS batch_uid"

func (s *Store) logEntry(r logRow) (*run.LogEntry, error) {
	c, err := s.callback(r.Callback)
	return &run.LogEntry{Callback: c, ParentUID: r.ParentUID, RunUID: r.RunUID, BatchUID: r.BatchUID}, err
}

// callbackLog selects the callbacks of a project's runs; a notice about one of them has a cause.
func (s *Store) callbackLog(ctx context.Context, scope models.Scope, projectID int64) *gorm.DB {
	return s.callbacksWithin(ctx, scope).Select(historyShown(scope)+logUIDs).
		Where("project_id = ? AND run_id IS NOT NULL AND cause_id IS NULL", projectID)
}

// LogEntries lists callbacks of runs.
func (s *Store) LogEntries(ctx context.Context, scope models.Scope, query run.LogQuery) ([]*run.LogEntry, error) {
	return planned(ctx, s, func(s *Store) ([]*run.LogEntry, error) { return s.logEntries(ctx, scope, query) })
}

func (s *Store) logEntries(ctx context.Context, scope models.Scope, query run.LogQuery) ([]*run.LogEntry, error) {
	db := s.callbackLog(ctx, scope, query.ProjectID)
	if len(query.Status) > 0 {
		db = db.Where("status IN ?", query.Status)
	}
	if len(query.RunUID) > 0 {
		db = db.Where("run_id IN (?)", s.reader(ctx).Model(&runRow{}).Select("id").Where("uid IN ?", query.RunUID))
	}
	return find(db.Order(logOrder(query.Sort)).Limit(query.Limit).Offset(query.Offset), s.logEntry)
}

// logOrders are the expressions of the columns. Where one can be NULL, the databases differ in where they put it.
var logOrders = map[run.LogColumn]struct{ expression, nulls string }{
	run.LogCreatedAt:  {"created_at", ""},
	run.LogStatus:     {"status", ""},
	run.LogHTTPStatus: {"http_status", " NULLS LAST"},
	run.LogRetryCount: {"CASE WHEN attempt_count > 1 THEN attempt_count - 1 ELSE 0 END", ""},
}

// logOrder sorts by the columns and, as the id is in the order of creation, by nothing more once the time is among
// them.
func logOrder(sorts []run.LogSort) string {
	var order []string
	for _, by := range append(sorts[:len(sorts):len(sorts)], run.LogSort{Column: run.LogCreatedAt, Descending: true}) {
		direction := ""
		if by.Descending {
			direction = " DESC"
		}
		column := logOrders[by.Column]
		order = append(order, column.expression+direction+column.nulls)
		if by.Column == run.LogCreatedAt {
			order = append(order, "id"+direction)
			break
		}
	}
	return strings.Join(order, ", ")
}

// LogEntry finds one callback of a run.
func (s *Store) LogEntry(
	ctx context.Context, scope models.Scope, projectID int64, uid uuid.UUID,
) (*run.LogEntry, error) {
	return first(s.callbackLog(ctx, scope, projectID).Where("uid = ?", uid), models.TypeCallback, s.logEntry)
}

// LastAttempts finds the last attempts that say something of the receiver.
func (s *Store) LastAttempts(
	ctx context.Context, scope models.Scope, callbackIDs ...int64,
) (map[int64]*callback.Attempt, error) {
	found, err := planned(ctx, s, func(s *Store) ([]*callback.Attempt, error) {
		telling := s.reader(ctx).Model(&attemptRow{}).Select("max(id)").
			Where(
				"callback_id IN ? AND finished_at IS NOT NULL AND (error_code IS NULL OR error_code <> ?)", callbackIDs,
				callback.Interrupted,
			).
			Group("callback_id")
		return find(s.attemptsWithin(ctx, scope).Where("id IN (?)", telling), attempt)
	})
	attempts := make(map[int64]*callback.Attempt, len(found))
	for _, a := range found {
		attempts[a.CallbackID] = a
	}
	return attempts, err
}
