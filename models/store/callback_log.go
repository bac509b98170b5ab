package store

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

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
	// Place is the row's, from 1, among the Candidates.
	Place, Candidates int
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

// isLogged is the condition of what stands in the log, and of its indexes: a notice about one of these has a cause.
const isLogged = "run_id IS NOT NULL AND cause_id IS NULL"

// LogEntries lists callbacks of runs.
func (s *Store) LogEntries(ctx context.Context, scope models.Scope, query run.LogQuery) ([]*run.LogEntry, error) {
	return planned(ctx, s, func(s *Store) ([]*run.LogEntry, error) { return s.logEntries(ctx, scope, query) })
}

func (s *Store) logEntries(ctx context.Context, scope models.Scope, query run.LogQuery) ([]*run.LogEntry, error) {
	var rows []logRow
	if err := s.queryLog(ctx, scope, query).Find(&rows).Error; err != nil {
		return nil, err
	}
	switch {
	case len(rows) > 0 && query.Offset > run.MaxLogLooked:
		return nil, run.ErrLogOffset
	case len(rows) > 0 && !query.ByTime() && rows[0].Candidates > run.MaxLogLooked:
		return nil, run.ErrLogSort
	}
	slices.SortFunc(rows, func(a, b logRow) int { return a.Place - b.Place })
	return convert(rows, s.logEntry)
}

// queryLog reads of each status, and of each run where some are named, no more than the page can need: each through its
// index, in the order of that. A page that begins past the last that is looked at is one there.
func (s *Store) queryLog(ctx context.Context, scope models.Scope, query run.LogQuery) *gorm.DB {
	query.Offset = min(query.Offset, run.MaxLogLooked)
	order, columns := logOrder(query.Sort), historyShown(scope)+logUIDs
	return s.callbacksOf(ctx, scope, callback.OfProject, []int64{query.ProjectID}, func(id clause.Expr) clause.Expression {
		candidates := joined(" UNION ALL ", logParts(query, id))
		if !query.ByTime() {
			candidates = gorm.Expr("SELECT sorted.id, sorted.created_at, status, http_status, attempt_count "+
				"FROM (SELECT id AS listed_id FROM (?) AS parts LIMIT ?) AS listed CROSS JOIN callbacks AS sorted "+
				"WHERE sorted.id = listed_id", candidates, run.MaxLogLooked+1)
		}
		return gorm.Expr(
			"SELECT "+columns+", place, candidates FROM (SELECT id AS chosen_id, row_number() OVER (ORDER BY "+order+") AS place, "+
				"count(*) OVER () AS candidates FROM (?) AS candidates ORDER BY place LIMIT ? OFFSET ?) AS chosen "+
				"CROSS JOIN callbacks WHERE callbacks.id = chosen_id",
			candidates, query.Limit, query.Offset,
		)
	})
}

// logParts are what a page is chosen from.
func logParts(query run.LogQuery, projectID clause.Expr) (parts []clause.Expr) {
	order, most := logOrder(query.Sort), query.Offset+query.Limit
	if !query.ByTime() {
		order, most = logOrder(nil), run.MaxLogLooked+1
	}
	since, before := int64(math.MinInt64), int64(math.MaxInt64)
	if query.CreatedAfter != nil {
		since = micros(*query.CreatedAfter)
	}
	if query.CreatedBefore != nil {
		before = micros(*query.CreatedBefore)
	}
	for _, of := range logOwners(query, projectID) {
		for _, status := range distinct(query.Status, callback.Statuses()) {
			parts = append(parts, gorm.Expr("SELECT * FROM (SELECT id, created_at FROM callbacks WHERE ? AND status = ? AND "+isLogged+
				" AND created_at >= ? AND created_at < ? ORDER BY "+order+" LIMIT ?) AS part", of, status, since, before, most))
		}
	}
	return parts
}

// logOwners are the conditions of whose callbacks are asked for: the project's, or those of some of its runs.
func logOwners(query run.LogQuery, projectID clause.Expr) (conditions []clause.Expr) {
	if len(query.RunUID) == 0 {
		return []clause.Expr{gorm.Expr("project_id = ?", projectID)}
	}
	for i, uid := range query.RunUID {
		if !slices.Contains(query.RunUID[:i], uid) {
			conditions = append(
				conditions, gorm.Expr("run_id = (SELECT CASE WHEN project_id = ? THEN id END FROM runs WHERE uid = ?)", projectID, uid),
			)
		}
	}
	return conditions
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
	query := s.callbacksWithin(ctx, scope).Select(historyShown(scope)+logUIDs).
		Where("project_id = ? AND "+isLogged+" AND uid = ?", projectID, uid)
	return first(query, models.TypeCallback, s.logEntry)
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
		hidden := []string{"connection", "headers"}
		if scope.SSOClientID() != 0 { // a partner does not see all bodies
			hidden = append(hidden, "response_body")
		}
		return find(s.attemptsWithin(ctx, scope).Omit(hidden...).Where("id IN (?)", telling), attempt)
	})
	attempts := make(map[int64]*callback.Attempt, len(found))
	for _, a := range found {
		attempts[a.CallbackID] = a
	}
	return attempts, err
}
