package run_test

import (
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

func TestTenthFaultOfOurOwnEndsABatchAndItsRun(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun()
	for i, delay := range append(slices.Clone(modelstest.FaultDelays), 0) {
		e := w.MustClaimBatches(a, 1)[0]
		w.MustRecordBatch(e, callback.Fault(time.Second))
		if e.Attempt.Error.Code != callback.InternalError || e.Batch.FailureCount != 0 {
			t.Errorf("call %d ended as %+v", i+1, e.Attempt)
		}
		if delay > 0 && (e.Batch.Status != run.Queued || e.Batch.NextAttemptAt.Sub(w.Clock.Now()) != delay) {
			t.Fatalf("after fault %d: %+v; want it due in %s", i+1, e.Batch, delay)
		}
		w.Clock.Advance(delay)
	}
	got := w.ReadRun(r.ID)
	if got.Status != run.Failed || got.Error.Label != models.LabelInternalError ||
		len(w.CallbacksOfRun(r.ID, callback.RunFinishedEvent)) != 1 {
		t.Errorf("the run is %s: %+v", got.Status, got.Error)
	}
}

func TestBatchThatDiedThriceWithItsWorkerIsExecutedAlone(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	ran := w.NewRun()
	suspect := func() []*run.Execution {
		claimed, err := w.Executions.ClaimSuspect(t.Context())
		modelstest.NoError(t, err)
		return claimed
	}
	dies := func(claimed []*run.Execution) {
		t.Helper()
		if len(claimed) != 1 {
			t.Fatalf("claimed %v", claimed)
		}
		w.Clock.Advance(callback.LeaseTime)
		w.MustSweep()
	}
	dies(w.MustClaimBatches(a, 1))
	e := w.MustClaimBatches(a, 1)[0]
	modelstest.NoError(t, w.Executions.AnnounceStop(t.Context(), []int64{e.Batch.ID})) // this one does not count
	dies([]*run.Execution{e})
	for range callback.SuspectAfter - 1 {
		if got := suspect(); len(got) != 0 {
			t.Fatalf("alone too early: %v", got)
		}
		dies(w.MustClaimBatches(a, 1))
	}
	if got := w.MustClaimBatches(a, 1); len(got) != 0 {
		t.Fatalf("with others: %v", got)
	}
	for range callback.MaxMishaps {
		dies(suspect())
	}
	got := suspect()
	if len(got) != 1 || got[0].Refused == nil {
		t.Fatalf("alone: %v", got)
	}
	w.MustRecordBatch(got[0], callback.Outcome{Error: got[0].Refused})
	if r := w.ReadRun(ran.ID); r.Status != run.Failed || r.Error.Label != models.LabelInternalError {
		t.Errorf("the run is %s: %+v", r.Status, r.Error)
	}
}

func TestLocalErrorCostsNoTryOfAnExecutorForAnHour(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun()
	calls := 0
	for began := w.Clock.Now(); ; calls++ {
		e := w.MustClaimBatches(a, 1)[0]
		w.MustRecordBatch(e, modelstest.Unanswered(callback.LocalError))
		b := w.ReadBatch(e.Batch.ID)
		if w.Clock.Now().Sub(began) >= time.Hour {
			if b.FailureCount != 1 {
				t.Errorf("after an hour: %+v", b)
			}
			break
		}
		if b.Status != run.Queued || b.FailureCount != 0 {
			t.Fatalf("%+v", b)
		}
		w.Configure()
		w.Clock.Advance(b.NextAttemptAt.Sub(w.Clock.Now()))
	}
	if calls < 10 || calls > 30 {
		t.Errorf("%d calls in an hour", calls)
	}
	w.Clock.Advance(time.Minute)
	w.MustRecordBatch(w.MustClaimBatches(a, 1)[0], modelstest.Unanswered(callback.LocalError))
	w.Clock.Advance(time.Minute)
	w.MustRecordBatch(w.MustClaimBatches(a, 1)[0], modelstest.Unanswered(callback.LocalError))
	w.WantEnded(r.ID, run.Failed)
}

func TestExecutorIsCalledThreeTimesAfterAShortageToo(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun()
	for _, o := range []callback.Outcome{
		modelstest.Unanswered(callback.LocalError), modelstest.Executed(500, ""),
		modelstest.Unanswered(callback.LocalError), modelstest.Executed(500, ""),
		modelstest.Executed(200, `{"results":[1]}`),
	} {
		w.Clock.Advance(time.Minute)
		w.MustRecordBatch(w.MustClaimBatches(a, 1)[0], o)
	}
	w.WantEnded(r.ID, run.Succeeded)
}

func TestExecutorThatClosedAnIdleConnectionIsCalledAgainAtOnceOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	w.NewRun()
	closed := modelstest.Unanswered(callback.ConnectionReset)
	closed.ClosedIdle = true
	for i, failures := range []int{0, 1} {
		e := w.MustClaimBatches(a, 1)[0]
		w.MustRecordBatch(e, closed)
		b := w.ReadBatch(e.Batch.ID)
		if at := w.Clock.Now(); b.FailureCount != failures || b.NextAttemptAt.Equal(at) != (i == 0) {
			t.Errorf("call %d: %+v", i+1, b)
		}
	}
}
