package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

func logHistories() map[string]historyRead {
	list := func(change func(*run.LogQuery, *estate)) historyRead {
		return func(ctx context.Context, s *store.Store, e *estate) error {
			query := run.LogQuery{ProjectID: e.project.ID, Limit: 20}
			change(&query, e)
			_, err := s.LogEntries(ctx, e.scope(), query)
			return err
		}
	}
	ofRun := func(q *run.LogQuery, e *estate) { q.RunUID, q.Status = []uuid.UUID{e.work.run.UID}, failed }
	return map[string]historyRead{
		"log":                list(func(*run.LogQuery, *estate) {}),
		"log of a time":      list(func(q *run.LogQuery, _ *estate) { q.CreatedAfter, q.CreatedBefore = &start, &start }),
		"log_status":         list(func(q *run.LogQuery, _ *estate) { q.Status = failed }),
		"log_of_runs_status": list(ofRun),
		"log_by_http_status": list(func(q *run.LogQuery, _ *estate) {
			q.Status, q.Sort = failed, []run.LogSort{{Column: run.LogHTTPStatus}}
		}),
	}
}

// fillLog makes callbacks of the run that have ended, a microsecond apart: of 49, one is FAILED with 410.
func (l *logged) fillLog(t *testing.T, s *store.Store, count int) {
	t.Helper()
	fill(t, s, l.customer, count)
	modelstest.NoError(t, s.DB().Exec("UPDATE callbacks SET run_id = ?, crawl_id = NULL WHERE project_id = ? AND run_id IS "+
		"NULL AND dedup_key LIKE 'made:%'", l.run.ID, l.project.ID).Error)
}

func TestALogReadsAsLittleOfALongHistoryWhateverIsAskedFor(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite plans without statistics")
	}
	const callbacks, limit, offset = 4000, 20, 30
	s := storetest.OpenNew(t)
	l, other := newLogged(t, s, "a"), newLogged(t, s, "other")
	l.fillLog(t, s, callbacks)
	other.fillLog(t, s, callbacks)
	oldest := []run.LogSort{{Column: run.LogCreatedAt}}
	for _, statistics := range []string{"none", "of these rows"} {
		for name, query := range map[string]run.LogQuery{
			"all":                     {},
			"FAILED":                  {Status: failed},
			"RUNNING, of which none":  {Status: []callback.Status{callback.StatusRunning}},
			"of a run":                {RunUID: []uuid.UUID{l.run.UID}},
			"of a run, FAILED":        {RunUID: []uuid.UUID{l.run.UID}, Status: failed},
			"of a run, RUNNING":       {RunUID: []uuid.UUID{l.run.UID}, Status: []callback.Status{callback.StatusRunning}},
			"of a run of nobody":      {RunUID: []uuid.UUID{newUID()}},
			"of another project's":    {RunUID: []uuid.UUID{other.run.UID}},
			"FAILED, the oldest":      {Status: failed, Sort: oldest},
			"since the end of time":   {CreatedAfter: new(start.AddDate(1, 0, 0))},
			"before the beginning":    {CreatedBefore: new(start.AddDate(-1, 0, 0))},
			"of a run since its end":  {RunUID: []uuid.UUID{l.run.UID}, CreatedAfter: new(start.AddDate(1, 0, 0))},
			"FAILED before the start": {Status: failed, CreatedBefore: new(start.AddDate(-1, 0, 0))},
		} {
			query.ProjectID, query.Limit, query.Offset = l.project.ID, limit, offset
			for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
				rows, ways := analyze(t, s, mode, s.QueryLog(t.Context(), l.scope(), query)).read("callbacks")
				// Of each status as many as are left out and shown, and then those that are shown.
				if most := 4*(offset+limit) + limit; rows > most || len(ways) > 0 {
					t.Errorf("statistics: %s, %s, %s: read %d of %d callbacks, %v", statistics, name, mode, rows, callbacks, ways)
				}
			}
		}
		modelstest.NoError(t, s.DB().Exec("ANALYZE").Error)
	}
}

func TestALogLooksAtNoMoreThanItsBound(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	l := newLogged(t, s, "a") // with two
	l.fillLog(t, s, run.MaxLogLooked-2)
	const far = 1 << 62
	byStatus := []run.LogSort{{Column: run.LogStatus}}
	ask := func(name string, query run.LogQuery, want error, entries int) {
		t.Helper()
		query.ProjectID, query.Limit = l.project.ID, 20
		found, err := s.LogEntries(t.Context(), l.scope(), query)
		if len(found) != entries || !errors.Is(err, want) {
			t.Errorf("%s: %d entries, %v; want %d, %v", name, len(found), err, entries, want)
		}
	}
	ask("the last page", run.LogQuery{Offset: run.MaxLogLooked - 5}, nil, 5)
	ask("past the end", run.LogQuery{Offset: far}, nil, 0)
	ask("all, sorted", run.LogQuery{Sort: byStatus}, nil, 20)
	l.fillLog(t, s, 25)
	ask("the last page in reach", run.LogQuery{Offset: run.MaxLogLooked}, nil, 20)
	ask("beyond reach", run.LogQuery{Offset: run.MaxLogLooked + 1}, run.ErrLogOffset, 0)
	ask("far beyond", run.LogQuery{Offset: far}, run.ErrLogOffset, 0)
	ask("too many, sorted", run.LogQuery{Sort: byStatus}, run.ErrLogSort, 0)
	ask("a status, sorted", run.LogQuery{Status: failed, Sort: byStatus}, nil, 20)
	ask("a time, sorted", run.LogQuery{CreatedAfter: new(start.Add(time.Millisecond)), Sort: byStatus}, nil, 20)
}
