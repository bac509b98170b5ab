package models_test

import (
	"testing"

	"github.com/ringback/ringback/models"
)

// The subtests are the arrows of the drawing in doc.go; the other ways between the statuses do not exist.
func TestCallbackGoesTheWaysThatAreDrawn(t *testing.T) {
	t.Parallel()
	arrow := func(name string, from, to models.Status, step func(*world, *models.Callback, *models.Delivery)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.raised()
			var d *models.Delivery
			if from == models.StatusRunning {
				d = w.claim(c.ID)
			}
			wantStatus(t, w.callback(c.ID), from)
			step(w, c, d)
			c = w.callback(c.ID)
			wantStatus(t, c, to)
			wantFitting(t, c)
		})
	}
	arrow("raise: the event makes it PENDING", models.StatusPending, models.StatusPending,
		func(*world, *models.Callback, *models.Delivery) {})
	arrow("Claim: PENDING to RUNNING", models.StatusPending, models.StatusRunning,
		func(w *world, c *models.Callback, _ *models.Delivery) { w.claim(c.ID) })
	arrow("Settle, arrived: RUNNING to SUCCESS", models.StatusRunning, models.StatusSuccess,
		func(w *world, _ *models.Callback, d *models.Delivery) { w.record(d, answered(200)) })
	arrow("Settle, failed, again: RUNNING to PENDING", models.StatusRunning, models.StatusPending,
		func(w *world, _ *models.Callback, d *models.Delivery) { w.record(d, answered(500)) })
	arrow("Settle, failed, given up: RUNNING to FAILED", models.StatusRunning, models.StatusFailed,
		func(w *world, _ *models.Callback, d *models.Delivery) { w.record(d, answered(410)) })
	arrow("Settle, given back: RUNNING to PENDING", models.StatusRunning, models.StatusPending,
		func(w *world, _ *models.Callback, d *models.Delivery) {
			noError(w.t, w.Settle(w.t.Context(), w.GiveBack(d)))
		})
	arrow("Release: RUNNING to PENDING", models.StatusRunning, models.StatusPending,
		func(w *world, _ *models.Callback, d *models.Delivery) {
			noError(w.t, w.Release(w.t.Context(), []*models.Delivery{d}))
		})
	arrow("Sweep: RUNNING to PENDING", models.StatusRunning, models.StatusPending,
		func(w *world, _ *models.Callback, _ *models.Delivery) {
			w.clock.advance(models.LeaseTime)
			w.sweep()
		})
	arrow("no arrow: Claim of RUNNING", models.StatusRunning, models.StatusRunning,
		func(w *world, c *models.Callback, _ *models.Delivery) {
			if w.mayClaim(c.ID) {
				w.t.Error("claimed twice")
			}
		})
	arrow("no arrow: Settle after SUCCESS", models.StatusRunning, models.StatusSuccess,
		func(w *world, _ *models.Callback, d *models.Delivery) {
			again := *d
			w.record(d, answered(200))
			again.Callback = w.callback(d.Callback.ID)
			w.record(&again, answered(500))
		})
	arrow("no arrow: Settle, given back, after FAILED", models.StatusRunning, models.StatusFailed,
		func(w *world, _ *models.Callback, d *models.Delivery) {
			w.record(d, answered(410))
			noError(w.t, w.Settle(w.t.Context(), w.GiveBack(d)))
		})
}

// wantFitting checks what a status has beside it, so that no callback is stuck: each one that has not ended has a time at
// which the sweep finds it.
func wantFitting(t testing.TB, c *models.Callback) {
	t.Helper()
	pending, running := c.Status == models.StatusPending, c.Status == models.StatusRunning
	if (c.NextAttemptAt != nil) != pending || (c.LeaseUntil != nil) != running ||
		(c.FinishedAt != nil) != c.Status.Ended() {
		t.Errorf("a callback that is %s has %+v", c.Status, c)
	}
}
