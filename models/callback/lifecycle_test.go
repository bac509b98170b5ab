package callback_test

import (
	"testing"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// The subtests are the arrows of the drawing in doc.go; the other ways between the statuses do not exist.
func TestCallbackGoesTheWaysThatAreDrawn(t *testing.T) {
	t.Parallel()
	arrow := func(
		name string, from, to callback.Status, step func(*modelstest.World, *callback.Callback, *callback.Delivery),
	) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			c := w.NewCallback()
			var d *callback.Delivery
			if from == callback.StatusRunning {
				d = w.MustClaim(c.ID)
			}
			modelstest.WantStatus(t, w.ReadCallback(c.ID), from)
			step(w, c, d)
			c = w.ReadCallback(c.ID)
			modelstest.WantStatus(t, c, to)
			modelstest.WantFitting(t, c)
		})
	}
	arrow("raise: the event makes it PENDING", callback.StatusPending, callback.StatusPending,
		func(*modelstest.World, *callback.Callback, *callback.Delivery) {})
	arrow("Claim: PENDING to RUNNING", callback.StatusPending, callback.StatusRunning,
		func(w *modelstest.World, c *callback.Callback, _ *callback.Delivery) { w.MustClaim(c.ID) })
	arrow("Settle, arrived: RUNNING to SUCCESS", callback.StatusRunning, callback.StatusSuccess,
		func(w *modelstest.World, _ *callback.Callback, d *callback.Delivery) {
			w.MustSettle(d, modelstest.Answered(200))
		})
	arrow("Settle, failed, again: RUNNING to PENDING", callback.StatusRunning, callback.StatusPending,
		func(w *modelstest.World, _ *callback.Callback, d *callback.Delivery) {
			w.MustSettle(d, modelstest.Answered(500))
		})
	arrow("Settle, failed, given up: RUNNING to FAILED", callback.StatusRunning, callback.StatusFailed,
		func(w *modelstest.World, _ *callback.Callback, d *callback.Delivery) {
			w.MustSettle(d, modelstest.Answered(410))
		})
	arrow("Settle, given back: RUNNING to PENDING", callback.StatusRunning, callback.StatusPending,
		func(w *modelstest.World, _ *callback.Callback, d *callback.Delivery) {
			modelstest.NoError(w.T, w.Settle(w.T.Context(), w.GiveBack(d)))
		})
	arrow("Release: RUNNING to PENDING", callback.StatusRunning, callback.StatusPending,
		func(w *modelstest.World, _ *callback.Callback, d *callback.Delivery) {
			modelstest.NoError(w.T, w.Release(w.T.Context(), []*callback.Delivery{d}))
		})
	arrow("Sweep: RUNNING to PENDING", callback.StatusRunning, callback.StatusPending,
		func(w *modelstest.World, _ *callback.Callback, _ *callback.Delivery) {
			w.Clock.Advance(callback.LeaseTime)
			w.MustSweep()
		})
	arrow("no arrow: Claim of RUNNING", callback.StatusRunning, callback.StatusRunning,
		func(w *modelstest.World, c *callback.Callback, _ *callback.Delivery) {
			if w.MayClaim(c.ID) {
				w.T.Error("claimed twice")
			}
		})
	arrow("no arrow: Settle after SUCCESS", callback.StatusRunning, callback.StatusSuccess,
		func(w *modelstest.World, _ *callback.Callback, d *callback.Delivery) {
			again := *d
			w.MustSettle(d, modelstest.Answered(200))
			again.Callback = w.ReadCallback(d.Callback.ID)
			w.MustSettle(&again, modelstest.Answered(500))
		})
	arrow("no arrow: Settle, given back, after FAILED", callback.StatusRunning, callback.StatusFailed,
		func(w *modelstest.World, _ *callback.Callback, d *callback.Delivery) {
			w.MustSettle(d, modelstest.Answered(410))
			modelstest.NoError(w.T, w.Settle(w.T.Context(), w.GiveBack(d)))
		})
}
