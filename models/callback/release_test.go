package callback_test

import (
	"testing"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

func TestReleasedDeliveriesAreAsIfTheyHadNeverBeenClaimed(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	kept := w.NewCallback()
	stays := w.MustClaim(kept.ID)
	first := w.NewCallback()
	released := []*callback.Delivery{w.MustClaim(first.ID)}
	second := w.NewCallback()
	w.MustRelease(append(released, w.MustClaim(second.ID))...)
	for _, c := range []*callback.Callback{first, second} {
		c = w.ReadCallback(c.ID)
		modelstest.WantStatus(t, c, callback.StatusPending)
		modelstest.WantFitting(t, c)
		if c.AttemptCount != 0 || c.FailureCount != 0 || !c.NextAttemptAt.Equal(w.Clock.Now()) || len(w.Attempts(c.ID)) != 0 {
			t.Errorf("got %+v with the attempts %v", c, w.Attempts(c.ID))
		}
	}
	claimed, _, _, err := w.Claim(t.Context(), modelstest.Limit(first.Lane, 10))
	modelstest.NoError(t, err)
	if len(claimed) != 2 || claimed[0].Attempt.Number != 1 || claimed[1].Attempt.Number != 1 {
		t.Errorf("claimed again: %v", claimed)
	}
	w.MustSettle(stays, modelstest.Answered(200))
	modelstest.WantStatus(t, w.ReadCallback(kept.ID), callback.StatusSuccess)
}

func TestReleaseChangesNothingOfWhatTheSweepHasTaken(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	w.MustRelease(w.LateDelivery(c))
	c = w.ReadCallback(c.ID)
	modelstest.WantStatus(t, c, callback.StatusPending)
	if a := w.Attempts(c.ID); c.AttemptCount != 1 || len(a) != 1 || a[0].Error.Code != callback.Interrupted {
		t.Errorf("got %+v with the attempts %v", c, a)
	}
}

func TestReleaseChangesNothingOfWhatIsClaimedAgain(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	late := w.LateDelivery(c)
	second := w.MustClaim(c.ID)
	w.MustRelease(late)
	c = w.ReadCallback(c.ID)
	modelstest.WantStatus(t, c, callback.StatusRunning)
	if n := len(w.Attempts(c.ID)); c.AttemptCount != 2 || n != 2 {
		t.Errorf("got %+v with %d attempts", c, n)
	}
	w.MustSettle(second, modelstest.Answered(200))
	modelstest.WantStatus(t, w.ReadCallback(c.ID), callback.StatusSuccess)
}
