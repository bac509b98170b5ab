package store_test

import (
	"testing"
	"time"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

func TestPurgeTakesTheLongestEndedUpToTheLimitAndTheirAttempts(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	var old []*callback.Callback
	var callbackIDs []int64
	for i := range 5 {
		c := newCallback(t, s, n, start.Add(time.Duration(i)*time.Second))
		newAttempt(t, s, c, 1)
		settle(t, s, c, callback.StatusFailed, 500)
		old, callbackIDs = append(old, c), append(callbackIDs, c.ID)
	}
	for _, left := range []int{3, 1, 0, 0} {
		gone, _, err := s.PurgeCallbacks(t.Context(), start.Add(time.Minute), 4)
		modelstest.NoError(t, err)
		callbacks, err := s.Callbacks(t.Context(), everything(), callbackIDs...)
		modelstest.NoError(t, err)
		attempts, err := s.CountAttempts(t.Context(), everything(), callbackIDs)
		modelstest.NoError(t, err)
		if len(callbacks) != left || len(attempts) != left || gone != len(old)-left {
			t.Fatalf("%d went; %d callbacks and attempts of %d are left, want %d", gone, len(callbacks), len(attempts), left)
		}
		old = old[gone:]
		for _, c := range old {
			read(t, s, c.ID)
		}
	}
}

func TestPurgeLeavesWhatHasNotEndedOrNotLongAgo(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	newCallback(t, s, n, start) // PENDING
	claim(t, s, newCallback(t, s, n, start), start, start.Add(time.Minute))
	settle(t, s, newCallback(t, s, n, start.Add(time.Second)), callback.StatusSuccess, 200)
	if gone, _, err := s.PurgeCallbacks(t.Context(), start.Add(time.Second), 10); err != nil || gone != 0 {
		t.Errorf("%d went, %v", gone, err)
	}
	if gone, _, err := s.PurgeCallbacks(t.Context(), start.Add(time.Second+time.Microsecond), 10); err != nil ||
		gone != 1 {
		t.Errorf("%d went, %v", gone, err)
	}
	if gone, _, err := s.PurgeCallbacks(t.Context(), start.Add(10_000*time.Hour), 10); err != nil || gone != 0 {
		t.Errorf("%d went that have not ended, %v", gone, err)
	}
}

func TestPurgeTakesAnOriginalAfterItsReplaysAndNotices(t *testing.T) {
	t.Parallel()
	for name, link := range map[string]func(c, original *callback.Callback){
		"replay": func(c, original *callback.Callback) { c.ReplayOfID = &original.ID },
		"notice": func(c, original *callback.Callback) { c.CauseID = &original.ID },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := storetest.Open(t)
			n := newCustomer(t, s, "a")
			original := newCallback(t, s, n, start)
			settle(t, s, original, callback.StatusFailed, 500)
			child := newCallback(t, s, n, start, func(c *callback.Callback) { link(c, original) })
			end := start.Add(time.Minute)
			if gone, _, err := s.PurgeCallbacks(t.Context(), end, 10); err != nil || gone != 0 {
				t.Fatalf("%d went while the child waits, %v", gone, err)
			}
			settle(t, s, child, callback.StatusSuccess, 200)
			for range 2 { // the child, then the original
				if gone, _, err := s.PurgeCallbacks(t.Context(), end, 10); err != nil || gone != 1 {
					t.Errorf("%d went, %v", gone, err)
				}
			}
			if left, err := s.Callbacks(t.Context(), everything(), original.ID, child.ID); err != nil || len(left) != 0 {
				t.Errorf("%v are left, %v", ids(left), err)
			}
		})
	}
}

func TestPurgesAtOnceTakeEachCallbackOnce(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	const callbacks = 12
	for range callbacks {
		settle(t, s, newCallback(t, s, n, start), callback.StatusSuccess, 200)
	}
	counts := make([]int, 3)
	modelstest.AtOnce(len(counts), func(i int) {
		for range callbacks {
			err := s.Transaction(t.Context(), func(tx *store.Store) error {
				gone, _, err := tx.PurgeCallbacks(t.Context(), start.Add(time.Minute), 2)
				counts[i] += gone
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
	if got := counts[0] + counts[1] + counts[2]; got != callbacks {
		t.Errorf("%d went, want %d", got, callbacks)
	}
}

// ended makes another run, with so many batches, that has ended.
func (w *work) ended(t *testing.T, s *store.Store, batches int) {
	t.Helper()
	w.newRun(t, s)
	w.newBatches(t, s, batches)
	for _, b := range w.claim(t, s, batches) {
		modelstest.NoError(
			t,
			s.CreateBatchAttempts(t.Context(), []*run.BatchAttempt{{UID: newUID(), BatchID: b.ID, Number: 1, StartedAt: start}}),
		)
		endBatch(t, s, b, run.Succeeded, func(b *run.Batch) { b.Results, b.ResultCount = []byte(`[1,2]`), 2 })
	}
	w.run.Status, w.run.FinishedAt, w.run.BatchCount = run.Succeeded, &start, batches
	modelstest.NoError(t, s.UpdateRuns(t.Context(), w.run))
}

// rowsOf counts what there is of runs.
func rowsOf(t *testing.T, s *store.Store) (rows int) {
	t.Helper()
	for _, table := range []string{"runs", "run_inputs", "run_batches", "batch_attempts"} {
		var n int
		modelstest.NoError(t, s.DB().Raw("SELECT count(*) FROM "+table).Scan(&n).Error)
		rows += n
	}
	return rows
}

func TestLargeRunsGoInPartsThatAreBoundedByRows(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	w := newWork(t, s, newCustomer(t, s, "a")) // with a run that has not ended
	const limit, large, small = 10, 23, 1
	for _, batches := range []int{large, small, small} {
		w.ended(t, s, batches)
	}
	all := rowsOf(t, s)
	gone := 0
	for {
		runs, rows, err := s.PurgeRuns(t.Context(), start.Add(time.Minute), limit)
		modelstest.NoError(t, err)
		left := rowsOf(t, s)
		if rows > limit || all-left != rows {
			t.Fatalf("a part of %d rows, and %d of %d are left", rows, left, all)
		}
		all, gone = left, gone+runs
		if rows == 0 {
			break
		}
	}
	if all != 2 || gone != 3 {
		t.Errorf("%d runs went, %d rows are left beside the run that has not ended and its input", gone, all)
	}
}

func TestPayloadsOfLargeRunsGoInPartsThatAreBoundedByRows(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	w := newWork(t, s, newCustomer(t, s, "a")) // with a run that has not ended
	const limit, large, small = 10, 23, 1
	for _, batches := range []int{large, small, small} {
		w.ended(t, s, batches)
	}
	modelstest.NoError(t, s.DB().Exec("UPDATE batch_attempts SET headers = ?", []byte("\n\x840\n")).Error)
	calls := large + 2*small
	total, gone := 0, 0
	for {
		runs, rows, err := s.PurgeRunPayloads(t.Context(), start.Add(time.Minute), start.Add(time.Hour), limit)
		modelstest.NoError(t, err)
		if rows > limit {
			t.Fatalf("a part of %d rows", rows)
		}
		total, gone = total+rows, gone+runs
		if rows == 0 {
			break
		}
	}
	if want := 3 + 3 + large + 2*small + calls; total != want || gone != 3 {
		t.Errorf("%d rows of %d runs, want %d", total, gone, want)
	}
	for where, want := range map[string]int{
		"run_batches WHERE results IS NOT NULL": 0, "runs WHERE payload_purged_at IS NULL": 1,
		"run_inputs WHERE length(input) > 0": 1, "batch_attempts WHERE headers IS NOT NULL": 0,
	} {
		var left int
		modelstest.NoError(t, s.DB().Raw("SELECT count(*) FROM "+where).Scan(&left).Error)
		if left != want {
			t.Errorf("%d are left of %s, want %d", left, where, want)
		}
	}
}
