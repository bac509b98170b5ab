package models_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
)

// copyOf is what another goroutine, or the same after a commit that it has not heard of, has in hand.
func copyOf(e *models.Execution) *models.Execution {
	c := *e
	c.Batch, c.Attempt = new(*e.Batch), new(*e.Attempt)
	return &c
}

// lateExecution returns an execution whose worker came too late: the sweep has taken its batch.
func (w *world) lateExecution(a *models.Action) *models.Execution {
	w.t.Helper()
	e := w.claimBatches(a, 1)[0]
	w.clock.advance(models.LeaseTime)
	if interrupted, _ := w.sweep(); interrupted != 1 {
		w.t.Fatalf("interrupted %d", interrupted)
	}
	w.queue.take()
	return e
}

// wantToldOnce checks that each batch of a run was told once.
func (w *world) wantToldOnce(run *models.Run) {
	w.t.Helper()
	told := map[int64]int{}
	for _, c := range w.told(run.ID, models.RunBatchFinishedEvent) {
		told[c.Source.Part.Raw]++
	}
	for _, b := range w.batches(run.ID) {
		if told[b.ID] != 1 {
			w.t.Errorf("batch %d was told %d times", b.ID, told[b.ID])
		}
	}
}

func TestBatchOfAWorkerThatDiedIsExecutedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun()
	dead := w.claimBatches(a, 1)[0]
	if !dead.Batch.LeaseUntil.Equal(start.Add(models.LeaseTime)) || dead.Batch.NextAttemptAt != nil {
		t.Errorf("got %+v", dead.Batch)
	}
	if attempts := w.batchAttempts(dead.Batch.ID); len(attempts) != 1 || attempts[0].FinishedAt != nil || attempts[0].URL != executorURL {
		t.Errorf("when the request leaves, the attempts are %+v", attempts)
	}
	w.clock.advance(models.LeaseTime - time.Microsecond)
	if interrupted, woken := w.sweep(); interrupted+woken != 0 {
		t.Fatalf("before the lease ends: interrupted %d, woke %d", interrupted, woken)
	}
	w.clock.advance(time.Microsecond)
	end := w.clock.now()
	if interrupted, woken := w.sweep(); interrupted != 1 || woken != 0 {
		t.Fatalf("when the lease has ended: interrupted %d, woke %d", interrupted, woken)
	}
	b := w.batch(dead.Batch.ID)
	if b.Status != models.RunQueued || !b.NextAttemptAt.Equal(end) || b.LeaseUntil != nil || b.FailureCount != 0 {
		t.Errorf("got %+v", b)
	}
	attempt := w.batchAttempts(b.ID)[0]
	if attempt.Error == nil || attempt.Error.Code != models.Interrupted || attempt.Duration != models.LeaseTime || !attempt.FinishedAt.Equal(end) {
		t.Errorf("the attempt is %+v", attempt)
	}
	w.clock.advance(grace)
	if interrupted, woken := w.sweep(); interrupted != 0 || woken != 1 {
		t.Fatalf("a second later: interrupted %d, woke %d", interrupted, woken)
	}
	want := []models.Wakeup{{Lane: a.Lane(), Epoch: epoch(w.clock.now()), At: w.clock.now()}}
	if diff := cmp.Diff(want, w.queue.take()); diff != "" {
		t.Error(diff)
	}
	again := w.claimBatches(a, 1)[0]
	if again.Batch.ID != b.ID || again.Attempt.Number != 2 || again.Attempt.UID == dead.Attempt.UID || !again.Batch.StartedAt.Equal(start) {
		t.Errorf("got %+v, %+v", again.Batch, again.Attempt)
	}
	w.recordBatch(again, found(1, false))
	w.wantToldOnce(w.wantEnded(run.ID, models.RunSucceeded))
}

func TestLateAnswerAfterAnotherClaimTouchesItsAttemptOnly(t *testing.T) {
	t.Parallel()
	answers := map[string]models.Outcome{
		"results": found(5, true), "refused": executed(400, ""), "failed": executed(500, ""), "no answer": unanswered(models.Timeout),
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.newAction()
			run := w.newRun()
			late := w.lateExecution(a)
			second := w.claimBatches(a, 1)[0]
			before := w.batch(second.Batch.ID)
			w.recordBatch(late, answer)
			if diff := cmp.Diff(before, w.batch(second.Batch.ID)); diff != "" || len(w.queue.take()) != 0 {
				t.Errorf("the late worker changed the batch: %s", diff)
			}
			if attempt := w.batchAttempts(second.Batch.ID)[0]; answer.HTTPStatus != nil && *attempt.HTTPStatus != *answer.HTTPStatus {
				t.Errorf("what the late worker learned is lost: %+v", attempt)
			}
			w.recordBatch(second, found(1, false))
			w.recordBatch(late, answer)
			if run = w.wantEnded(run.ID, models.RunSucceeded); run.BatchCount != 1 || run.OutputCount != 1 {
				t.Errorf("got %+v", run)
			}
			w.wantToldOnce(run)
		})
	}
}

func TestLateAnswerBeforeTheNextClaimCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun()
	w.recordBatch(w.lateExecution(a), found(3, false))
	w.wantToldOnce(w.wantEnded(run.ID, models.RunSucceeded))
	if again := w.claimBatches(a, 1); len(again) != 0 {
		t.Error("executed again after its answer has come")
	}
}

func TestInterruptedExecutionCostsNoTry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun()
	for i := range 5 {
		e := w.claimBatches(a, 1)[0]
		w.clock.advance(time.Second)
		noError(t, w.InterruptBatch(t.Context(), e))
		b := w.batch(e.Batch.ID)
		if b.Status != models.RunQueued || b.FailureCount != 0 || !b.NextAttemptAt.Equal(w.clock.now()) {
			t.Fatalf("got %+v", b)
		}
		if attempt := w.batchAttempts(b.ID)[i]; attempt.Error.Code != models.Interrupted || attempt.Duration != time.Second {
			t.Errorf("got %+v", attempt)
		}
		want := models.Wakeup{Lane: a.Lane(), At: w.clock.now()}
		if woken := w.queue.take(); len(woken) != 1 || woken[0] != want {
			t.Errorf("woken: %v", woken)
		}
	}
	// It still has all three.
	for range 3 {
		w.recordBatch(w.claimBatches(a, 1)[0], executed(500, ""))
		w.clock.advance(time.Minute)
	}
	w.wantEnded(run.ID, models.RunFailed)
}

func TestRenewedBatchIsNotInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	w.newRun(pages(3))
	claimed := w.claimBatches(a, 2)
	kept, lost := claimed[0].Batch, claimed[1].Batch
	queued := w.batches(kept.RunID)[2]
	for range 5 { // a call can take longer than a lease
		w.clock.advance(models.LeaseRenewal)
		renewed, err := w.RenewBatches(t.Context(), []models.Lease{claimed[0].Lease(), {ID: queued.ID}, {ID: lost.ID, Attempt: 2}, {ID: 999}})
		noError(t, err)
		if !slices.Equal(renewed, []models.Lease{claimed[0].Lease()}) {
			t.Errorf("renewed %v", renewed)
		}
	}
	if interrupted, _ := w.sweep(); interrupted != 1 {
		t.Errorf("interrupted %d", interrupted)
	}
	if b := w.batch(kept.ID); b.Status != models.RunRunning || !b.LeaseUntil.Equal(w.clock.now().Add(models.LeaseTime)) {
		t.Errorf("got %+v", b)
	}
	if b := w.batch(lost.ID); b.Status != models.RunQueued {
		t.Errorf("got %+v", b)
	}
	if diff := cmp.Diff(queued, w.batch(queued.ID)); diff != "" {
		t.Errorf("one that waits was renewed: %s", diff)
	}
}

func TestBatchRecordWhoseCommitWasNotHeardOfCanBeMadeAgain(t *testing.T) {
	t.Parallel()
	answers := map[string]models.Outcome{
		"another page": found(5, true), "the end": found(5, false), "refused": executed(400, ""), "again": executed(500, ""),
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.newAction()
			run := w.newRun()
			e := w.claimBatches(a, 1)[0]
			again := copyOf(e)
			w.recordBatch(e, answer)
			state := func() []any {
				return []any{
					w.run(run.ID), w.batches(run.ID), w.told(run.ID, models.RunBatchFinishedEvent), w.told(run.ID, models.RunFinishedEvent),
				}
			}
			before := state()
			w.recordBatch(again, answer)
			if diff := cmp.Diff(before, state()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBatchRecordThatCannotBeWrittenChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun()
	e := w.claimBatches(a, 1)[0]
	before := copyOf(e)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if w.RecordBatch(ctx, e, found(1, true)) == nil || w.InterruptBatch(ctx, e) == nil {
		t.Fatal("recorded with a cancelled context")
	}
	if diff := cmp.Diff(before, e); diff != "" || len(w.queue.take()) != 0 {
		t.Errorf("half of it was done: %s", diff)
	}
	if b := w.batch(e.Batch.ID); b.Status != models.RunRunning || len(w.batches(run.ID)) != 1 || w.batchAttempts(b.ID)[0].FinishedAt != nil {
		t.Errorf("half of it was written: %+v", b)
	}
	w.recordBatch(e, found(1, false))
	w.wantToldOnce(w.wantEnded(run.ID, models.RunSucceeded))
}

func TestLostWakeUpsOfBatchesAreSentAgainByAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	b, err := w.CreateAction(t.Context(), w.platform, w.account.ID, "other", executor(executorURL))
	noError(t, err)
	w.newRun(pages(6))
	w.newRun(func(in *models.NewRun) { in.Action = b.Name })
	w.clock.advance(grace - time.Microsecond)
	if _, woken := w.sweep(); woken != 0 {
		t.Fatal("woken while the queue still has time")
	}
	w.clock.advance(time.Microsecond)
	if _, woken := w.sweep(); woken != 2 {
		t.Errorf("woke %d", woken)
	}
	var want []models.Wakeup
	for _, action := range []*models.Action{a, b} {
		want = append(want, models.Wakeup{Lane: action.Lane(), Epoch: epoch(w.clock.now()), At: w.clock.now()})
	}
	got := w.queue.take()
	slices.SortFunc(got, func(a, b models.Wakeup) int { return strings.Compare(a.Lane.Owner, b.Lane.Owner) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if of := [2]int{len(w.claimBatches(a, 10)), len(w.claimBatches(b, 10))}; of != [2]int{6, 1} {
		t.Errorf("claimed %v", of)
	}
	if _, woken := w.sweep(); woken != 0 {
		t.Errorf("woke %d that are in hand", woken)
	}
	if none := w.claimBatches(&models.Action{ID: 999, Executor: a.Executor}, 10); len(none) != 0 {
		t.Errorf("of an action that is unknown: %v", none)
	}
}
