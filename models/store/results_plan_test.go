package store_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// fillRuns makes runs, each with so many batches of two results, and returns the runs' ids.
func fillRuns(t *testing.T, s *store.Store, w *work, runs, batches int) (ids []int64) {
	t.Helper()
	ended := w.newBatches(t, s, 1)[0]
	for n := range runs {
		r := *w.run
		r.ID, r.UID = 0, newUID()
		modelstest.NoError(t, s.CreateRuns(t.Context(), &r))
		ids = append(ids, r.ID)
		modelstest.NoError(t, s.DB().Exec(`INSERT INTO run_batches (uid, account_id, project_id, action_id, run_id, input_id,
				page, status, lane, attempt_count, failure_count, has_more, empty, results, result_count, created_at, finished_at)
			SELECT gen_random_uuid(), account_id, project_id, action_id, ?, input_id,
				? + i, 'SUCCEEDED', lane, 1, 0, false, false, '[1,2]', 2, 0, 0
			FROM run_batches CROSS JOIN generate_series(1, ?) AS i WHERE id = ?`, r.ID, 1+n*batches, batches, ended.ID).Error)
	}
	return ids
}

// Beside the page of each run stand all the batches of all runs, and of others'.
func TestPagesOfManyRunsReadAsManyBatchesAsTheyShow(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite plans without statistics")
	}
	const runs, batches, results = 10, 500, 6
	var asked string
	s := storetest.OpenNew(
		t, store.WithStatementLog(func(_ context.Context, statement string, _ time.Duration) { asked = statement }),
	)
	n := newCustomer(t, s, "a")
	ids := fillRuns(t, s, newWork(t, s, n), runs, batches)
	fillRuns(t, s, newWork(t, s, newCustomer(t, s, "other")), runs, batches)
	ctx, answer := models.NewAnswers(models.MinAnswerLimit, 0).Begin(t.Context())
	defer answer.End()
	for _, statistics := range []string{"none", "of these rows"} {
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			rows, ways := analyze(t, s, mode, s.QueryResults(ctx, n.scope(), ids, 0, results)).read("run_batches")
			// Of each run those that may be needed, twice, and then those that are, also twice.
			if most := runs * 2 * (results + 1 + results/2); rows > most || len(ways) > 0 {
				t.Errorf("statistics: %s, %s: read %d batches, want at most %d; %v", statistics, mode, rows, most, ways)
			}
		}
		found, err := s.BatchesWithResults(ctx, n.scope(), ids, 0, results)
		modelstest.NoError(t, err)
		if want := runs * results / 2; len(found) != want {
			t.Errorf("found %d batches, want %d", len(found), want)
		}
		_, err = s.BatchPages(t.Context(), n.scope(), ids, models.Page{First: results})
		modelstest.NoError(t, err)
		w := ways{indexes: map[string]bool{}}
		if w.add(explain(t, s, asked), false); w.sorted || !maps.Equal(w.indexes, map[string]bool{"run_batches_run": true}) {
			t.Errorf("statistics: %s: batches are listed through %v, sorted: %t", statistics, w.indexes, w.sorted)
		}
		modelstest.NoError(t, s.DB().Exec("ANALYZE").Error)
	}
}
