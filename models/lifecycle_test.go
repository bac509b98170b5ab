package models_test

import (
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

// The subtests are the arrows of the drawing in doc.go; the other ways between the statuses do not exist.
func TestCallbackGoesTheWaysThatAreDrawn(t *testing.T) {
	t.Parallel()
	arrow := func(name string, from, to models.Status, step func(*modelstest.World, *models.Callback, *models.Delivery)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			c := w.NewCallback()
			var d *models.Delivery
			if from == models.StatusRunning {
				d = w.MustClaim(c.ID)
			}
			modelstest.WantStatus(t, w.ReadCallback(c.ID), from)
			step(w, c, d)
			c = w.ReadCallback(c.ID)
			modelstest.WantStatus(t, c, to)
			modelstest.WantFitting(t, c)
		})
	}
	arrow("raise: the event makes it PENDING", models.StatusPending, models.StatusPending,
		func(*modelstest.World, *models.Callback, *models.Delivery) {})
	arrow("Claim: PENDING to RUNNING", models.StatusPending, models.StatusRunning,
		func(w *modelstest.World, c *models.Callback, _ *models.Delivery) { w.MustClaim(c.ID) })
	arrow("Settle, arrived: RUNNING to SUCCESS", models.StatusRunning, models.StatusSuccess,
		func(w *modelstest.World, _ *models.Callback, d *models.Delivery) {
			w.MustSettle(d, modelstest.Answered(200))
		})
	arrow("Settle, failed, again: RUNNING to PENDING", models.StatusRunning, models.StatusPending,
		func(w *modelstest.World, _ *models.Callback, d *models.Delivery) {
			w.MustSettle(d, modelstest.Answered(500))
		})
	arrow("Settle, failed, given up: RUNNING to FAILED", models.StatusRunning, models.StatusFailed,
		func(w *modelstest.World, _ *models.Callback, d *models.Delivery) {
			w.MustSettle(d, modelstest.Answered(410))
		})
	arrow("Settle, given back: RUNNING to PENDING", models.StatusRunning, models.StatusPending,
		func(w *modelstest.World, _ *models.Callback, d *models.Delivery) {
			modelstest.NoError(w.T, w.Settle(w.T.Context(), w.GiveBack(d)))
		})
	arrow("Release: RUNNING to PENDING", models.StatusRunning, models.StatusPending,
		func(w *modelstest.World, _ *models.Callback, d *models.Delivery) {
			modelstest.NoError(w.T, w.Release(w.T.Context(), []*models.Delivery{d}))
		})
	arrow("Sweep: RUNNING to PENDING", models.StatusRunning, models.StatusPending,
		func(w *modelstest.World, _ *models.Callback, _ *models.Delivery) {
			w.Clock.Advance(models.LeaseTime)
			w.MustSweep()
		})
	arrow("no arrow: Claim of RUNNING", models.StatusRunning, models.StatusRunning,
		func(w *modelstest.World, c *models.Callback, _ *models.Delivery) {
			if w.MayClaim(c.ID) {
				w.T.Error("claimed twice")
			}
		})
	arrow("no arrow: Settle after SUCCESS", models.StatusRunning, models.StatusSuccess,
		func(w *modelstest.World, _ *models.Callback, d *models.Delivery) {
			again := *d
			w.MustSettle(d, modelstest.Answered(200))
			again.Callback = w.ReadCallback(d.Callback.ID)
			w.MustSettle(&again, modelstest.Answered(500))
		})
	arrow("no arrow: Settle, given back, after FAILED", models.StatusRunning, models.StatusFailed,
		func(w *modelstest.World, _ *models.Callback, d *models.Delivery) {
			w.MustSettle(d, modelstest.Answered(410))
			modelstest.NoError(w.T, w.Settle(w.T.Context(), w.GiveBack(d)))
		})
}
