package models_test

import (
	"testing"

	"github.com/ringback/ringback/models"
)

func (w *world) release(deliveries ...*models.Delivery) {
	w.t.Helper()
	noError(w.t, w.Release(w.t.Context(), deliveries))
}

func TestReleasedDeliveriesAreAsIfTheyHadNeverBeenClaimed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kept := w.raised()
	stays := w.claim(kept.ID)
	first := w.raised()
	released := []*models.Delivery{w.claim(first.ID)}
	second := w.raised()
	w.release(append(released, w.claim(second.ID))...)
	for _, c := range []*models.Callback{first, second} {
		c = w.callback(c.ID)
		wantStatus(t, c, models.StatusPending)
		wantFitting(t, c)
		if c.AttemptCount != 0 || c.FailureCount != 0 || !c.NextAttemptAt.Equal(w.clock.now()) || len(w.attempts(c.ID)) != 0 {
			t.Errorf("got %+v with the attempts %v", c, w.attempts(c.ID))
		}
	}
	claimed, _, _, err := w.Claim(t.Context(), of(first.Lane, 10))
	noError(t, err)
	if len(claimed) != 2 || claimed[0].Attempt.Number != 1 || claimed[1].Attempt.Number != 1 {
		t.Errorf("claimed again: %v", claimed)
	}
	w.record(stays, answered(200))
	wantStatus(t, w.callback(kept.ID), models.StatusSuccess)
}

func TestReleaseChangesNothingOfWhatTheSweepHasTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	w.release(w.late(c))
	c = w.callback(c.ID)
	wantStatus(t, c, models.StatusPending)
	if a := w.attempts(c.ID); c.AttemptCount != 1 || len(a) != 1 || a[0].Error.Code != models.Interrupted {
		t.Errorf("got %+v with the attempts %v", c, a)
	}
}

func TestReleaseChangesNothingOfWhatIsClaimedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	late := w.late(c)
	second := w.claim(c.ID)
	w.release(late)
	c = w.callback(c.ID)
	wantStatus(t, c, models.StatusRunning)
	if n := len(w.attempts(c.ID)); c.AttemptCount != 2 || n != 2 {
		t.Errorf("got %+v with %d attempts", c, n)
	}
	w.record(second, answered(200))
	wantStatus(t, w.callback(c.ID), models.StatusSuccess)
}
