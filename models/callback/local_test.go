package callback_test

import (
	"testing"
	"time"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

func TestLocalErrorCostsNoRetryAndTellsNoPartnerForAnHour(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	attempts := 0
	for began := w.Clock.Now(); w.Clock.Now().Sub(began) < time.Hour; attempts++ {
		c = w.Deliver(c.ID, modelstest.Unanswered(callback.LocalError))
		lasted := w.Clock.Now().Sub(began)
		if lasted >= time.Hour {
			break
		}
		if c.Status != callback.StatusPending || c.FailureCount != 0 || len(w.Notices()) != 0 ||
			c.Error.Code != callback.LocalError {
			t.Fatalf("after %v: %+v, %d notices", lasted, c, len(w.Notices()))
		}
		want := min(max(lasted/2, 5*time.Second), 5*time.Minute)
		if delay := c.NextAttemptAt.Sub(w.Clock.Now()); (delay - want).Abs() > time.Microsecond {
			t.Errorf("after %v it waits for %v, want %v", lasted, delay, want)
		}
		w.Configure() // as another process
	}
	if attempts < 10 || attempts > 30 {
		t.Errorf("%d attempts in an hour", attempts)
	}
	// Then it is a failure like any other, and the next as well.
	if c.FailureCount != 1 || len(w.Notices()) != 1 {
		t.Errorf("after an hour: %+v, %d notices", c, len(w.Notices()))
	}
	if c = w.Deliver(c.ID, modelstest.Unanswered(callback.LocalError)); c.FailureCount != 2 || len(w.Notices()) != 1 {
		t.Errorf("after more than an hour: %+v, %d notices", c, len(w.Notices()))
	}
	if c = w.Deliver(c.ID, modelstest.Unanswered(callback.LocalError)); c.Status != callback.StatusFailed ||
		len(w.Notices()) != 2 {
		t.Errorf("at the end of the schedule: %+v, %d notices", c, len(w.Notices()))
	}
}

func TestLocalErrorBetweenFailuresTellsThePartnerNothing(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	w.Deliver(c.ID, modelstest.Answered(500))
	for range 3 {
		c = w.Deliver(c.ID, modelstest.Unanswered(callback.LocalError))
	}
	if c.FailureCount != 1 || len(w.Notices()) != 1 {
		t.Errorf("%+v, %d notices", c, len(w.Notices()))
	}
	// The receiver answers again, and an hour later the next shortage has an hour of its own.
	w.Deliver(c.ID, modelstest.Answered(500))
	w.Clock.Advance(2 * time.Hour)
	if c = w.Deliver(c.ID, modelstest.Unanswered(callback.LocalError)); c.FailureCount != 2 ||
		c.Status != callback.StatusPending {
		t.Errorf("%+v", c)
	}
	if c = w.Deliver(c.ID, modelstest.Answered(200)); c.Status != callback.StatusSuccess || len(w.Notices()) != 1 {
		t.Errorf("%+v, %d notices", c, len(w.Notices()))
	}
}
