package callback_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// TestATestIsSentOnceWhateverComesOfIt: not even what is no fault of the receiver's makes it come again.
func TestATestIsSentOnceWhateverComesOfIt(t *testing.T) {
	t.Parallel()
	failed := func(code callback.AttemptErrorCode) callback.Outcome {
		return callback.Outcome{Error: &callback.AttemptError{Code: code, Message: "it failed"}}
	}
	closed := failed(callback.ConnectionReset)
	closed.ClosedIdle = true
	for name, tt := range map[string]struct {
		outcome callback.Outcome
		status  callback.Status
		cause   callback.AttemptErrorCode
	}{
		"arrived":             {modelstest.Answered(204), callback.StatusSuccess, ""},
		"a status of no form": {modelstest.Answered(206), callback.StatusFailed, callback.HTTPStatusError},
		"failed":              {modelstest.Answered(500), callback.StatusFailed, callback.HTTPStatusError},
		"refused":             {modelstest.Refused(), callback.StatusFailed, callback.ConnectRefused},
		"closed":              {closed, callback.StatusFailed, callback.ConnectionReset},
		"our machine":         {failed(callback.LocalError), callback.StatusFailed, callback.LocalError},
		"a panic":             {callback.Fault(0), callback.StatusFailed, callback.InternalError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			c := w.Deliver(w.NewTest().ID, tt.outcome)
			if c.Status != tt.status || c.FinishedAt == nil || tt.cause != "" && c.Error.Code != tt.cause {
				t.Errorf("it is %s, with %+v", c.Status, c.Error)
			}
			if n := len(w.Attempts(c.ID)); n != 1 || len(w.Notices()) != 0 {
				t.Errorf("%d attempts, %d notices", n, len(w.Notices()))
			}
		})
	}
}

func TestATestIsNotSentAgainWhereItsWorkerStops(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	stopped := w.NewTest()
	modelstest.NoError(t, w.Settle(t.Context(), w.GiveBack(w.MustClaim(stopped.ID))))
	if c := w.ReadCallback(stopped.ID); c.Status != callback.StatusFailed || c.Error.Code != callback.Interrupted {
		t.Errorf("it is %s, with %+v", c.Status, c.Error)
	}
	killed := w.NewTest()
	w.LateDelivery(killed)
	w.Clock.Advance(time.Second)
	d := w.MustClaim(killed.ID)
	if refusal := d.Refusal(); refusal == nil || refusal.Code != callback.Interrupted {
		t.Fatalf("its request leaves again: %+v", refusal)
	}
	w.MustSettle(d, callback.Outcome{Error: d.Refusal()})
	c := w.ReadCallback(killed.ID)
	modelstest.WantStatus(t, c, callback.StatusFailed)
	for _, a := range w.Attempts(c.ID) {
		if c.Trigger(a) != callback.TriggerTest || !strings.Contains(*a.Remedy(), "send the test anew") {
			t.Errorf("attempt %d: %s, %q", a.Number, c.Trigger(a), *a.Remedy())
		}
	}
}

// TestTestsWaitInALaneOfTheirOwn: what fails there does not hold them up.
func TestTestsWaitInALaneOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	key := w.NewTest().Lane.String()
	lane, err := callback.ParseLane(key)
	if err != nil || !lane.Test || lane.String() != key {
		t.Errorf("%q is read as %+v, %v", key, lane, err)
	}
	if claimed := w.ClaimLane(w.Lane(modelstest.ProjectHost), 10); len(claimed) != 0 {
		t.Error("it waits with others")
	}
	if woken := w.Queue.Take(); len(woken) != 1 || woken[0].Lane != lane {
		t.Errorf("woken: %+v", woken)
	}
}

func TestATestIsMarkedAndNotReplayed(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewTest()
	d := w.MustClaim(c.ID)
	h, err := d.Headers("Ringback/test", w.Clock.Now())
	modelstest.NoError(t, err)
	if got := h.Get("X-Callback-Test"); got != "true" {
		t.Errorf("X-Callback-Test: %q", got)
	}
	w.MustSettle(d, modelstest.Answered(200))
	_, err = w.Replay(t.Context(), w.Editor, c.ID)
	modelstest.WantError(t, err, models.CodeConflict, "callbackId")
	ordinary := w.MustClaim(w.NewCallback().ID)
	h, err = ordinary.Headers("Ringback/test", w.Clock.Now())
	modelstest.NoError(t, err)
	if h.Get("X-Callback-Test") != "" {
		t.Error("a callback that is no test says that it is one")
	}
}
