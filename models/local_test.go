package models_test

import (
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

func TestLocalErrorCostsNoRetryAndTellsNoPartnerForAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	attempts := 0
	for began := w.clock.now(); w.clock.now().Sub(began) < time.Hour; attempts++ {
		c = w.deliver(c.ID, unanswered(models.LocalError))
		lasted := w.clock.now().Sub(began)
		if lasted >= time.Hour {
			break
		}
		if c.Status != models.StatusPending || c.FailureCount != 0 || len(w.notices()) != 0 || c.Error.Code != models.LocalError {
			t.Fatalf("after %v: %+v, %d notices", lasted, c, len(w.notices()))
		}
		want := min(max(lasted/2, 5*time.Second), 5*time.Minute)
		if delay := c.NextAttemptAt.Sub(w.clock.now()); (delay - want).Abs() > time.Microsecond {
			t.Errorf("after %v it waits for %v, want %v", lasted, delay, want)
		}
		w.configure() // as another process
	}
	if attempts < 10 || attempts > 30 {
		t.Errorf("%d attempts in an hour", attempts)
	}
	// Then it is a failure like any other, and the next as well.
	if c.FailureCount != 1 || len(w.notices()) != 1 {
		t.Errorf("after an hour: %+v, %d notices", c, len(w.notices()))
	}
	if c = w.deliver(c.ID, unanswered(models.LocalError)); c.FailureCount != 2 || len(w.notices()) != 1 {
		t.Errorf("after more than an hour: %+v, %d notices", c, len(w.notices()))
	}
	if c = w.deliver(c.ID, unanswered(models.LocalError)); c.Status != models.StatusFailed || len(w.notices()) != 2 {
		t.Errorf("at the end of the schedule: %+v, %d notices", c, len(w.notices()))
	}
}

func TestLocalErrorBetweenFailuresTellsThePartnerNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	w.deliver(c.ID, answered(500))
	for range 3 {
		c = w.deliver(c.ID, unanswered(models.LocalError))
	}
	if c.FailureCount != 1 || len(w.notices()) != 1 {
		t.Errorf("%+v, %d notices", c, len(w.notices()))
	}
	// The receiver answers again, and an hour later the next shortage has an hour of its own.
	w.deliver(c.ID, answered(500))
	w.clock.advance(2 * time.Hour)
	if c = w.deliver(c.ID, unanswered(models.LocalError)); c.FailureCount != 2 || c.Status != models.StatusPending {
		t.Errorf("%+v", c)
	}
	if c = w.deliver(c.ID, answered(200)); c.Status != models.StatusSuccess || len(w.notices()) != 1 {
		t.Errorf("%+v, %d notices", c, len(w.notices()))
	}
}

func TestLocalErrorCostsNoTryOfAnExecutorForAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun()
	calls := 0
	for began := w.clock.now(); ; calls++ {
		e := w.claimBatches(a, 1)[0]
		w.recordBatch(e, unanswered(models.LocalError))
		b := w.batch(e.Batch.ID)
		if w.clock.now().Sub(began) >= time.Hour {
			if b.FailureCount != 1 {
				t.Errorf("after an hour: %+v", b)
			}
			break
		}
		if b.Status != models.RunQueued || b.FailureCount != 0 {
			t.Fatalf("%+v", b)
		}
		w.configure()
		w.clock.advance(b.NextAttemptAt.Sub(w.clock.now()))
	}
	if calls < 10 || calls > 30 {
		t.Errorf("%d calls in an hour", calls)
	}
	w.clock.advance(time.Minute)
	w.recordBatch(w.claimBatches(a, 1)[0], unanswered(models.LocalError))
	w.clock.advance(time.Minute)
	w.recordBatch(w.claimBatches(a, 1)[0], unanswered(models.LocalError))
	w.wantEnded(run.ID, models.RunFailed)
}

func TestExecutorIsCalledThreeTimesAfterAShortageToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun()
	for _, o := range []models.Outcome{
		unanswered(models.LocalError), executed(500, ""), unanswered(models.LocalError), executed(500, ""), executed(200, `{"results":[1]}`),
	} {
		w.clock.advance(time.Minute)
		w.recordBatch(w.claimBatches(a, 1)[0], o)
	}
	w.wantEnded(run.ID, models.RunSucceeded)
}
