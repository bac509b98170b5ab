package run_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// lateExecution returns an execution whose worker came too late: the sweep has taken its batch.
func lateExecution(w *modelstest.World, a *run.Action) *run.Execution {
	w.T.Helper()
	e := w.MustClaimBatches(a, 1)[0]
	w.Clock.Advance(callback.LeaseTime)
	if interrupted, _ := w.MustSweep(); interrupted != 1 {
		w.T.Fatalf("interrupted %d", interrupted)
	}
	w.Queue.Take()
	return e
}

// wantToldOnce checks that each batch of a run was told once.
func wantToldOnce(w *modelstest.World, r *run.Run) {
	w.T.Helper()
	told := map[int64]int{}
	for _, c := range w.CallbacksOfRun(r.ID, callback.RunBatchFinishedEvent) {
		told[c.Source.Part.Raw]++
	}
	for _, b := range w.BatchesOf(r.ID) {
		if told[b.ID] != 1 {
			w.T.Errorf("batch %d was told %d times", b.ID, told[b.ID])
		}
	}
}

func TestBatchOfAWorkerThatDiedIsExecutedAgain(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun()
	dead := w.MustClaimBatches(a, 1)[0]
	if !dead.Batch.LeaseUntil.Equal(modelstest.Start.Add(callback.LeaseTime)) || dead.Batch.NextAttemptAt != nil {
		t.Errorf("got %+v", dead.Batch)
	}
	if attempts := w.AttemptsOfBatch(dead.Batch.ID); len(attempts) != 1 || attempts[0].FinishedAt != nil ||
		attempts[0].URL != modelstest.ExecutorURL {
		t.Errorf("when the request leaves, the attempts are %+v", attempts)
	}
	w.Clock.Advance(callback.LeaseTime - time.Microsecond)
	if interrupted, woken := w.MustSweep(); interrupted+woken != 0 {
		t.Fatalf("before the lease ends: interrupted %d, woke %d", interrupted, woken)
	}
	w.Clock.Advance(time.Microsecond)
	end := w.Clock.Now()
	if interrupted, woken := w.MustSweep(); interrupted != 1 || woken != 0 {
		t.Fatalf("when the lease has ended: interrupted %d, woke %d", interrupted, woken)
	}
	b := w.ReadBatch(dead.Batch.ID)
	if b.Status != run.Queued || !b.NextAttemptAt.Equal(end) || b.LeaseUntil != nil || b.FailureCount != 0 {
		t.Errorf("got %+v", b)
	}
	attempt := w.AttemptsOfBatch(b.ID)[0]
	if attempt.Error == nil || attempt.Error.Code != callback.Interrupted || attempt.Duration != callback.LeaseTime ||
		!attempt.FinishedAt.Equal(end) {
		t.Errorf("the attempt is %+v", attempt)
	}
	w.Clock.Advance(modelstest.WakeGrace)
	if interrupted, woken := w.MustSweep(); interrupted != 0 || woken != 1 {
		t.Fatalf("a second later: interrupted %d, woke %d", interrupted, woken)
	}
	want := []callback.Wakeup{{Lane: a.Lane(), Epoch: modelstest.SweepEpoch(w.Clock.Now()), At: w.Clock.Now()}}
	if diff := cmp.Diff(want, w.Queue.Take()); diff != "" {
		t.Error(diff)
	}
	again := w.MustClaimBatches(a, 1)[0]
	if again.Batch.ID != b.ID || again.Attempt.Number != 2 || again.Attempt.UID == dead.Attempt.UID ||
		!again.Batch.StartedAt.Equal(modelstest.Start) {
		t.Errorf("got %+v, %+v", again.Batch, again.Attempt)
	}
	w.MustRecordBatch(again, modelstest.Results(1, false))
	wantToldOnce(w, w.WantEnded(r.ID, run.Succeeded))
}

func TestLateAnswerAfterAnotherClaimTouchesItsAttemptOnly(t *testing.T) {
	t.Parallel()
	answers := map[string]callback.Outcome{
		"results": modelstest.Results(5, true), "refused": modelstest.Executed(400, ""),
		"failed": modelstest.Executed(500, ""), "no answer": modelstest.Unanswered(callback.Timeout),
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			a := w.NewAction()
			r := w.NewRun()
			late := lateExecution(w, a)
			second := w.MustClaimBatches(a, 1)[0]
			before := w.ReadBatch(second.Batch.ID)
			w.MustRecordBatch(late, answer)
			if diff := cmp.Diff(before, w.ReadBatch(second.Batch.ID)); diff != "" || len(w.Queue.Take()) != 0 {
				t.Errorf("the late worker changed the batch: %s", diff)
			}
			if attempt := w.AttemptsOfBatch(second.Batch.ID)[0]; answer.HTTPStatus != nil &&
				*attempt.HTTPStatus != *answer.HTTPStatus {
				t.Errorf("what the late worker learned is lost: %+v", attempt)
			}
			w.MustRecordBatch(second, modelstest.Results(1, false))
			w.MustRecordBatch(late, answer)
			if r = w.WantEnded(r.ID, run.Succeeded); r.BatchCount != 1 || r.OutputCount != 1 {
				t.Errorf("got %+v", r)
			}
			wantToldOnce(w, r)
		})
	}
}

func TestLateAnswerBeforeTheNextClaimCounts(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun()
	w.MustRecordBatch(lateExecution(w, a), modelstest.Results(3, false))
	wantToldOnce(w, w.WantEnded(r.ID, run.Succeeded))
	if again := w.MustClaimBatches(a, 1); len(again) != 0 {
		t.Error("executed again after its answer has come")
	}
}

func TestInterruptedExecutionCostsNoTry(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun()
	for i := range 5 {
		e := w.MustClaimBatches(a, 1)[0]
		w.Clock.Advance(time.Second)
		modelstest.NoError(t, w.Executions.Interrupt(t.Context(), e))
		b := w.ReadBatch(e.Batch.ID)
		if b.Status != run.Queued || b.FailureCount != 0 || !b.NextAttemptAt.Equal(w.Clock.Now()) {
			t.Fatalf("got %+v", b)
		}
		if attempt := w.AttemptsOfBatch(b.ID)[i]; attempt.Error.Code != callback.Interrupted ||
			attempt.Duration != time.Second {
			t.Errorf("got %+v", attempt)
		}
		want := callback.Wakeup{Lane: a.Lane(), At: w.Clock.Now()}
		if woken := w.Queue.Take(); len(woken) != 1 || woken[0] != want {
			t.Errorf("woken: %v", woken)
		}
	}
	// It still has all three.
	for range 3 {
		w.MustRecordBatch(w.MustClaimBatches(a, 1)[0], modelstest.Executed(500, ""))
		w.Clock.Advance(time.Minute)
	}
	w.WantEnded(r.ID, run.Failed)
}

func TestRenewedBatchIsNotInterrupted(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	w.NewRun(modelstest.Pages(3))
	claimed := w.MustClaimBatches(a, 2)
	kept, lost := claimed[0].Batch, claimed[1].Batch
	queued := w.BatchesOf(kept.RunID)[2]
	for range 5 { // a call can take longer than a lease
		w.Clock.Advance(callback.LeaseRenewal)
		renewed, err := w.Executions.Renew(t.Context(),
			[]callback.Lease{claimed[0].Lease(), {ID: queued.ID}, {ID: lost.ID, Attempt: 2}, {ID: 999}})
		modelstest.NoError(t, err)
		if !slices.Equal(renewed, []callback.Lease{claimed[0].Lease()}) {
			t.Errorf("renewed %v", renewed)
		}
	}
	if interrupted, _ := w.MustSweep(); interrupted != 1 {
		t.Errorf("interrupted %d", interrupted)
	}
	if b := w.ReadBatch(kept.ID); b.Status != run.Running ||
		!b.LeaseUntil.Equal(w.Clock.Now().Add(callback.LeaseTime)) {
		t.Errorf("got %+v", b)
	}
	if b := w.ReadBatch(lost.ID); b.Status != run.Queued {
		t.Errorf("got %+v", b)
	}
	if diff := cmp.Diff(queued, w.ReadBatch(queued.ID)); diff != "" {
		t.Errorf("one that waits was renewed: %s", diff)
	}
}

func TestBatchRecordWhoseCommitWasNotHeardOfCanBeMadeAgain(t *testing.T) {
	t.Parallel()
	answers := map[string]callback.Outcome{
		"another page": modelstest.Results(5, true), "the end": modelstest.Results(5, false),
		"refused": modelstest.Executed(400, ""), "again": modelstest.Executed(500, ""),
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			a := w.NewAction()
			run := w.NewRun()
			e := w.MustClaimBatches(a, 1)[0]
			again := modelstest.CopyOfExecution(e)
			w.MustRecordBatch(e, answer)
			state := func() []any {
				return []any{
					w.ReadRun(run.ID), w.BatchesOf(run.ID), w.CallbacksOfRun(run.ID, callback.RunBatchFinishedEvent),
					w.CallbacksOfRun(run.ID, callback.RunFinishedEvent),
				}
			}
			before := state()
			w.MustRecordBatch(again, answer)
			if diff := cmp.Diff(before, state()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBatchRecordThatCannotBeWrittenChangesNothing(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun()
	e := w.MustClaimBatches(a, 1)[0]
	before := modelstest.CopyOfExecution(e)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if w.Executions.Record(ctx, e, modelstest.Results(1, true)) == nil || w.Executions.Interrupt(ctx, e) == nil {
		t.Fatal("recorded with a cancelled context")
	}
	if diff := cmp.Diff(before, e); diff != "" || len(w.Queue.Take()) != 0 {
		t.Errorf("half of it was done: %s", diff)
	}
	if b := w.ReadBatch(e.Batch.ID); b.Status != run.Running || len(w.BatchesOf(r.ID)) != 1 ||
		w.AttemptsOfBatch(b.ID)[0].FinishedAt != nil {
		t.Errorf("half of it was written: %+v", b)
	}
	w.MustRecordBatch(e, modelstest.Results(1, false))
	wantToldOnce(w, w.WantEnded(r.ID, run.Succeeded))
}

func TestLostWakeUpsOfBatchesAreSentAgainByAction(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	b, err := w.CreateAction(t.Context(), w.Platform, w.Acme.ID, "other",
		modelstest.ExecutorSettings(modelstest.ExecutorURL))
	modelstest.NoError(t, err)
	w.NewRun(modelstest.Pages(6))
	w.NewRun(func(in *run.NewRun) { in.Action = b.Name })
	w.Clock.Advance(modelstest.WakeGrace - time.Microsecond)
	if _, woken := w.MustSweep(); woken != 0 {
		t.Fatal("woken while the queue still has time")
	}
	w.Clock.Advance(time.Microsecond)
	if _, woken := w.MustSweep(); woken != 2 {
		t.Errorf("woke %d", woken)
	}
	var want []callback.Wakeup
	for _, action := range []*run.Action{a, b} {
		want = append(want, callback.Wakeup{
			Lane: action.Lane(), Epoch: modelstest.SweepEpoch(w.Clock.Now()),
			At: w.Clock.Now(),
		})
	}
	got := w.Queue.Take()
	slices.SortFunc(got, func(a, b callback.Wakeup) int { return strings.Compare(a.Lane.Owner, b.Lane.Owner) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if of := [2]int{len(w.MustClaimBatches(a, 10)), len(w.MustClaimBatches(b, 10))}; of != [2]int{6, 1} {
		t.Errorf("claimed %v", of)
	}
	if _, woken := w.MustSweep(); woken != 0 {
		t.Errorf("woke %d that are in hand", woken)
	}
	if none := w.MustClaimBatches(&run.Action{ID: 999, Executor: a.Executor}, 10); len(none) != 0 {
		t.Errorf("of an action that is unknown: %v", none)
	}
}

func TestBatchesOfAnExecutorThatMovedAreGivenBackToItsNewLane(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	w.NewRun(modelstest.Pages(3))
	old := a.Lane()
	a, err := w.UpdateAction(t.Context(), w.Platform, a.ID, modelstest.ExecutorSettings("https://new.example/"))
	modelstest.NoError(t, err)
	executions, movedTo, full, err := w.Executions.Claim(t.Context(), modelstest.Limit(old, 3))
	modelstest.NoError(t, err)
	if len(executions) != 0 || !slices.Equal(movedTo, []callback.Lane{a.Lane()}) ||
		!slices.Equal(full, []string{old.String()}) {
		t.Errorf("got %d, moved to %v, full %v", len(executions), movedTo, full)
	}
	claimed := w.MustClaimBatches(a, 10)
	if len(claimed) != 3 || claimed[0].Attempt.Number != 1 || claimed[0].Attempt.URL != "https://new.example/" {
		t.Errorf("got %v", claimed)
	}
}

func TestReleasedExecutionsCanBeClaimedAgain(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun(modelstest.Pages(2))
	claimed := w.MustClaimBatches(a, 2)
	w.Clock.Advance(time.Second)
	modelstest.NoError(t, w.Executions.Release(t.Context(), claimed))
	for _, b := range w.BatchesOf(r.ID) {
		if b.Status != run.Queued || b.AttemptCount != 0 || !b.NextAttemptAt.Equal(b.CreatedAt) ||
			len(w.AttemptsOfBatch(b.ID)) != 0 {
			t.Errorf("got %+v", b)
		}
	}
	for _, e := range w.MustClaimBatches(a, 2) {
		w.MustRecordBatch(e, modelstest.Results(1, false))
	}
	w.WantEnded(r.ID, run.Succeeded)
}

func TestOutageIsNotTakenForAKillOfABatch(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	w.NewRun(modelstest.Pages(1))
	x := w.MustClaimBatches(a, 1)[0]
	w.WantInterrupted(0)
	w.Clock.Advance(time.Minute) // an outage
	w.WantInterrupted(0)
	if renewed, err := w.Executions.Renew(t.Context(), []callback.Lease{x.Lease()}); len(renewed) != 1 || err != nil {
		t.Errorf("renewed %v, %v", renewed, err)
	}
}
