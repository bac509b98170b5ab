package store_test

import (
	"encoding/json"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// work is an action of a tenant, with a run of one input.
type work struct {
	*customer
	action *run.Action
	run    *run.Run
	input  *run.Input
}

func newWork(t *testing.T, s *store.Store, n *customer) *work {
	t.Helper()
	w := &work{customer: n, action: &run.Action{
		AccountID: n.account.ID, Name: uuid.NewString(), Executor: models.Endpoint{
			URL:     new("https://platform.example/"),
			Headers: []models.Header{{Key: "Authorization", Value: models.Secret("Bearer of " + n.account.Name)}},
		},
		PageSize: 10, Timeout: time.Second, CreatedAt: start, UpdatedAt: start,
	}}
	modelstest.NoError(t, s.CreateAction(t.Context(), w.action))
	w.newRun(t, s)
	return w
}

// newRun makes another run of the action.
func (w *work) newRun(t *testing.T, s *store.Store) {
	t.Helper()
	w.run = &run.Run{
		UID: newUID(), AccountID: w.account.ID, ProjectID: w.project.ID, ActionID: w.action.ID, Status: run.Queued,
		PageSize: 10, CallbackOn: run.CallbackOnAll, InputCount: 1, CreatedAt: start,
		Callback: models.Endpoint{
			URL: new("https://caller.example/"), Headers: []models.Header{{Key: "X-A", Value: "of the run"}},
		},
	}
	modelstest.NoError(t, s.CreateRuns(t.Context(), w.run))
	w.input = &run.Input{RunID: w.run.ID, Number: 1, Input: json.RawMessage(`{}`)}
	modelstest.NoError(t, s.CreateRunInputs(t.Context(), []*run.Input{w.input}))
}

// lane is where batches of the action wait.
func (w *work) lane() callback.Lane {
	return callback.Lane{Host: "platform.example:443", Owner: "action:" + w.action.RawID(), Account: w.account.ID}
}

// newBatches makes so many pages of the input, each due a microsecond later than the one before.
func (w *work) newBatches(t *testing.T, s *store.Store, n int) []*run.Batch {
	t.Helper()
	batches := make([]*run.Batch, n)
	for i := range batches {
		batches[i] = &run.Batch{
			UID: newUID(), AccountID: w.account.ID, ProjectID: w.project.ID, ActionID: w.action.ID, RunID: w.run.ID,
			InputID: w.input.ID,
			Page:    i + 1, Status: run.Queued, Lane: w.lane(),
			NextAttemptAt: new(start.Add(time.Duration(i) * time.Microsecond)),
			CreatedAt:     start,
		}
	}
	modelstest.NoError(t, s.CreateBatches(t.Context(), batches))
	return batches
}

// batchIDs returns the ids of batches, sorted: a claim has no order.
func batchIDs(batches []*run.Batch) []int64 {
	list := make([]int64, len(batches))
	for i, b := range batches {
		list[i] = b.ID
	}
	slices.Sort(list)
	return list
}

func (w *work) claim(t *testing.T, s *store.Store, limit int) []*run.Batch {
	t.Helper()
	claimed, err := s.ClaimDueBatches(t.Context(), of(w.lane(), limit), start.Add(time.Second), start.Add(time.Minute))
	modelstest.NoError(t, err)
	return claimed
}

// endBatch gives a claimed batch a status.
func endBatch(t *testing.T, s *store.Store, b *run.Batch, status run.Status, change func(*run.Batch)) {
	t.Helper()
	b.Status, b.FinishedAt, b.NextAttemptAt, b.LeaseUntil = status, &start, nil, nil
	change(b)
	owned, err := s.SettleBatch(t.Context(), b)
	modelstest.NoError(t, err)
	if !owned {
		t.Fatalf("batch %d was not settled", b.ID)
	}
}

func readBatch(t *testing.T, s *store.Store, id int64) *run.Batch {
	t.Helper()
	found, err := s.Batches(t.Context(), everything(), id)
	modelstest.NoError(t, err)
	results, err := s.Texts(t.Context(), everything(), models.ResultsText, id)
	modelstest.NoError(t, err)
	if results[id] != "" {
		found[0].Results = []byte(results[id])
	}
	return found[0]
}

// withoutLane: the history does not have it.
var withoutLane = cmpopts.IgnoreFields(run.Batch{}, "Lane")

func TestClaimedBatchIsRunningWithALeaseAndItsNextNumber(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	w := newWork(t, s, newCustomer(t, s, "a"))
	b := w.newBatches(t, s, 1)[0]
	if diff := cmp.Diff(b, readBatch(t, s, b.ID), withoutLane); diff != "" {
		t.Errorf("what was given is not what was written: %s", diff)
	}
	got := w.claim(t, s, 1)[0]
	want := *b
	want.Status, want.AttemptCount, want.NextAttemptAt = run.Running, 1, nil
	want.LeaseUntil, want.StartedAt = new(start.Add(time.Minute)), new(start.Add(time.Second))
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(got, readBatch(t, s, b.ID), withoutLane); diff != "" {
		t.Errorf("what was returned is not what was written: %s", diff)
	}
}

func TestClaimOfBatchesTakesTheLongestWaitingOfItsActionAndNoMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	w, other := newWork(t, s, n), newWork(t, s, n)
	w.newBatches(t, s, 1)
	// for a table that it takes for tiny, Postgres would run the choice once for each row
	modelstest.NoError(t, s.DB().Exec("ANALYZE").Error)
	w.newRun(t, s)
	all := w.newBatches(t, s, 6)
	other.newBatches(t, s, 2)
	early, err := s.ClaimDueBatches(t.Context(), of(w.lane(), 10), start.Add(-time.Microsecond), start)
	if err != nil || len(early) != 0 {
		t.Errorf("%d were claimed before they are due, %v", len(early), err)
	}
	for i, want := range []int{3, 3, 1, 0} {
		if got := w.claim(t, s, 3); len(got) != want {
			t.Errorf("claim %d took %v", i+1, batchIDs(got))
		}
	}
	if got, err := s.InterruptExpired(t.Context(), run.LeasedBatches, start.Add(time.Minute), 3); err != nil || got != 3 {
		t.Errorf("interrupted %d, %v", got, err)
	}
	if got := other.claim(t, s, 10); len(got) != 2 || all[0].ActionID == got[0].ActionID {
		t.Errorf("of the other action: %v", batchIDs(got))
	}
}

func TestSettlingABatchIsFencedByTheAttemptCount(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	w := newWork(t, s, newCustomer(t, s, "a"))
	b := w.newBatches(t, s, 1)[0]
	late := w.claim(t, s, 1)[0]
	if n, err := s.InterruptExpired(t.Context(), run.LeasedBatches, start.Add(time.Minute), 10); n != 1 || err != nil {
		t.Fatalf("interrupted %d, %v", n, err)
	}
	claimed, err := s.ClaimDueBatches(t.Context(), of(w.lane(), 1), start.Add(time.Hour), start.Add(2*time.Hour))
	modelstest.NoError(t, err)
	second := claimed[0]
	late.Status, late.FinishedAt, late.LeaseUntil = run.Succeeded, &start, nil
	if owned, err := s.SettleBatch(t.Context(), late); owned || err != nil || readBatch(t, s, b.ID).Status != run.Running {
		t.Errorf("settled by a worker that another one followed: %t, %v", owned, err)
	}
	endBatch(t, s, second, run.Succeeded, func(b *run.Batch) {
		b.Results, b.ResultCount, b.HasMore = json.RawMessage(`[1.50]`), 1, true
	})
	if diff := cmp.Diff(second, readBatch(t, s, b.ID), withoutLane); diff != "" {
		t.Error(diff)
	}
	if owned, err := s.SettleBatch(t.Context(), second); owned || err != nil {
		t.Errorf("settled twice: %t, %v", owned, err)
	}
}

func TestEmptyPagesBehindTheLastOfTheirInputDoNotCount(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	w := newWork(t, s, newCustomer(t, s, "a"))
	first := w.input
	w.newBatches(t, s, 4)
	w.input = &run.Input{RunID: w.run.ID, Number: 2, Input: json.RawMessage(`{}`)}
	modelstest.NoError(t, s.CreateRunInputs(t.Context(), []*run.Input{w.input}))
	w.newBatches(t, s, 2)
	empty := func(text string) func(*run.Batch) {
		return func(b *run.Batch) {
			b.Empty, b.Error = true, &models.StandardError{Message: text, Params: map[string]any{}}
		}
	}
	for _, b := range w.claim(t, s, 10) {
		switch {
		case b.InputID != first.ID: // all of it is empty: no page was the last
			endBatch(t, s, b, run.Failed, empty("counts"))
		case b.Page == 2:
			endBatch(t, s, b, run.Succeeded, func(*run.Batch) {})
		case b.Page > 2:
			endBatch(t, s, b, run.Failed, empty("does not count"))
		default:
			endBatch(t, s, b, run.Succeeded, func(b *run.Batch) { b.HasMore = true })
		}
	}
	tally, err := s.TallyBatches(t.Context(), w.run.ID)
	modelstest.NoError(t, err)
	if diff := cmp.Diff(map[run.Status]int{run.Succeeded: 2, run.Failed: 2}, tally); diff != "" {
		t.Error(diff)
	}
	failed, err := s.FirstBatchError(t.Context(), w.run.ID)
	modelstest.NoError(t, err)
	if failed == nil || failed.Message != "counts" {
		t.Errorf("got %+v", failed)
	}
}

func TestPurgesAtOnceTakeEachRunOnce(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	w := newWork(t, s, newCustomer(t, s, "a"))
	const runs = 12
	for range runs {
		w.newRun(t, s)
		for _, b := range w.newBatches(t, s, 2) {
			modelstest.NoError(
				t,
				s.CreateBatchAttempts(t.Context(), []*run.BatchAttempt{{UID: b.UID, BatchID: b.ID, Number: 1, StartedAt: start}}),
			)
		}
		modelstest.NoError(t, s.StopBatches(t.Context(), w.run.ID, start))
		w.run.Status, w.run.FinishedAt = run.Stopped, &start
		modelstest.NoError(t, s.UpdateRuns(t.Context(), w.run))
	}
	total := atomic.Int32{}
	modelstest.AtOnce(3, func(int) {
		for range runs {
			err := s.Transaction(t.Context(), func(tx *store.Store) error {
				gone, _, err := tx.PurgeRuns(t.Context(), start.Add(time.Minute), 10)
				total.Add(int32(gone))
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
	if got := total.Load(); got != runs {
		t.Errorf("%d went, want %d", got, runs)
	}
}
