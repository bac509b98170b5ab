package callback_test

import (
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

func mustCancel(w *modelstest.World, c *callback.Callback) *callback.Callback {
	w.T.Helper()
	_, err := w.Cancel(w.T.Context(), w.Editor, callback.Which{ID: c.ID})
	modelstest.NoError(w.T, err)
	return w.ReadCallback(c.ID)
}

// wantCancelled checks that a callback has ended, and that nobody can take it.
func wantCancelled(w *modelstest.World, c *callback.Callback) {
	w.T.Helper()
	if c.Status != callback.StatusFailed || c.Error == nil || c.Error.Code != callback.Cancelled ||
		!c.FinishedAt.Equal(w.Clock.Now()) || c.NextAttemptAt != nil || c.Paused {
		w.T.Errorf("want it cancelled, got %+v", c)
	}
	if w.Due(c) {
		w.T.Errorf("callback %d is due", c.ID)
	}
}

func TestACancelledCallbackHasEndedAndNobodyIsTold(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	failed := w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	waits := w.NewCallback()
	told := len(w.Notices())
	wantCancelled(w, mustCancel(w, waits))
	failed = mustCancel(w, failed)
	wantCancelled(w, failed)
	if *failed.HTTPStatus != 500 || failed.AttemptCount != 1 || len(w.Attempts(failed.ID)) != 1 {
		t.Errorf("got %+v", failed)
	}
	if n := len(w.Notices()); n != told {
		t.Errorf("%d notices, want %d", n, told)
	}
	again := mustCancel(w, failed)
	if !again.FinishedAt.Equal(*failed.FinishedAt) {
		t.Errorf("ended at %s, and then at %s", failed.FinishedAt, again.FinishedAt)
	}
	health, err := w.CallbackHealth(
		t.Context(), w.Viewer.Scope(models.RoleViewer), callback.OfProject, []int64{w.Shop.ID}, callback.HealthDay,
	)
	modelstest.NoError(t, err)
	if n := health[w.Shop.ID].Failed[callback.Cancelled]; n != 2 {
		t.Errorf("%d are counted", n)
	}
	replay, err := w.Replay(t.Context(), w.Editor, failed.ID)
	modelstest.NoError(t, err)
	modelstest.WantStatus(t, w.Deliver(replay.ID, modelstest.Answered(200)), callback.StatusSuccess)
}

func TestALineGoesOnWithoutWhatIsCancelled(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	line := w.NewLine(4)
	wantCancelled(w, mustCancel(w, line[1])) // from the middle: the first is still in front
	if wakeups := w.Queue.Take(); len(wakeups) > 0 {
		t.Errorf("%+v", wakeups)
	}
	w.WantHeld(line[2].ID)
	wantCancelled(w, mustCancel(w, line[0]))
	if wakeups := w.Queue.Take(); len(wakeups) != 1 || wakeups[0].CallbackID != line[2].ID {
		t.Errorf("%+v", wakeups)
	}
	w.WantInFront(line[2].ID, w.Clock.Now())
	w.WantHeld(line[3].ID)
	w.MustSettle(w.MustClaim(line[2].ID), modelstest.Answered(200))
	w.WantInFront(line[3].ID, w.Clock.Now())
}

func TestWhatIsPausedCanBeCancelled(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	pause(w, w.Shop)
	wantPaused(w, c)
	wantCancelled(w, mustCancel(w, c))
	resume(w, w.Shop)
	if _, woken := w.MustSweep(); woken != 0 {
		t.Errorf("%d lanes were woken", woken)
	}
}

func TestWhatIsSentOrHasEndedCannotBeCancelled(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	d := w.MustClaim(w.NewCallback().ID)
	byUID := callback.Which{UID: d.Callback.UID.String()}
	_, err := w.Cancel(t.Context(), w.Editor, byUID)
	modelstest.WantError(t, err, models.CodeConflict, "uid")
	w.MustSettle(d, modelstest.Answered(200))
	_, err = w.Cancel(t.Context(), w.Editor, callback.Which{ID: d.Callback.ID})
	modelstest.WantError(t, err, models.CodeConflict, "callbackId")
	_, err = w.Cancel(t.Context(), w.Editor, callback.Which{UID: "123"})
	modelstest.WantError(t, err, models.CodeBadUserInput, "uid")
}

func TestNoticesAreCancelledByThePlatformOnly(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	notice := w.Notices()[0]
	for _, actor := range []*models.Actor{w.Admin, w.KeyActor(w.Shop)} {
		_, err := w.Cancel(t.Context(), actor, callback.Which{ID: notice.ID})
		modelstest.WantError(t, err, models.CodeForbidden, "")
	}
	_, err := w.Cancel(t.Context(), w.Platform, callback.Which{ID: notice.ID})
	modelstest.NoError(t, err)
	wantCancelled(w, w.ReadCallback(notice.ID))
}

// TestALateWorkerChangesNothingOfWhatIsCancelled: its lease ran out, the callback waited again and was cancelled then.
func TestALateWorkerChangesNothingOfWhatIsCancelled(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	d := w.LateDelivery(w.NewCallback())
	c := mustCancel(w, d.Callback)
	w.MustSettle(d, modelstest.Answered(200))
	wantCancelled(w, w.ReadCallback(c.ID))
}

// TestAClaimAndACancellationAtOnce: one of them has it, and the other finds that.
func TestAClaimAndACancellationAtOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for range 10 {
		c := w.NewCallback()
		var err error
		var claimed bool
		modelstest.AtOnce(2, func(i int) {
			if i == 0 {
				_, err = w.Cancel(t.Context(), w.Editor, callback.Which{ID: c.ID})
			} else {
				claimed = modelstest.DeliveryOf(w.ClaimLane(c.Lane, 1), c.ID) != nil
			}
		})
		if c = w.ReadCallback(c.ID); (err == nil) != (c.Status == callback.StatusFailed) ||
			claimed != (c.Status == callback.StatusRunning) || err == nil && claimed {
			t.Errorf("cancelled: %v, claimed: %t, and it is %s", err, claimed, c.Status)
		}
	}
}
