package callback_test

import (
	"testing"
	"time"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// outage lets the database be away for so long: nobody sweeps, and nobody renews.
func outage(w *modelstest.World, long time.Duration) {
	w.T.Helper()
	w.WantInterrupted(0)
	w.Clock.Advance(long)
}

// sweeps as workers do for a time, and expects that nothing is interrupted.
func sweeps(w *modelstest.World, long time.Duration) {
	w.T.Helper()
	for end := w.Clock.Now().Add(long); w.Clock.Now().Before(end); w.Clock.Advance(callback.SweepInterval) {
		w.WantInterrupted(0)
	}
}

func TestOutageOfAnyLengthIsNotTakenForAKill(t *testing.T) {
	t.Parallel()
	for _, long := range []time.Duration{7 * time.Second, 45 * time.Second, 24 * time.Hour} {
		t.Run(long.String(), func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			kept := w.MustClaim(w.NewCallback().ID)
			lost := w.NewCallback()
			w.MustClaim(lost.ID)
			outage(w, long)
			w.WantInterrupted(0) // the first sweep, before anybody has renewed
			w.Clock.Advance(callback.LeaseRenewal)
			if renewed := w.MustRenew(kept.Lease()); len(renewed) != 1 {
				t.Fatal("a worker that lives cannot renew its leases after the outage")
			}
			w.WantInterrupted(0)
			sweeps(w, callback.LeaseTime-callback.LeaseRenewal)
			w.WantInterrupted(1) // a worker that was killed meanwhile is noticed after one more lease
			modelstest.WantStatus(t, w.ReadCallback(lost.ID), callback.StatusPending)
			w.MustSettle(kept, modelstest.Answered(200))
			modelstest.WantStatus(t, w.ReadCallback(kept.Callback.ID), callback.StatusSuccess)
		})
	}
}

func TestOutagesThatFollowEachOtherAreNotTakenForAKill(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	d := w.MustClaim(w.NewCallback().ID)
	for range 5 {
		outage(w, 20*time.Second)
		sweeps(w, 4*time.Second)
	}
	if renewed := w.MustRenew(d.Lease()); len(renewed) != 1 {
		t.Error("lost")
	}
}

func TestKilledWorkerIsNoticedWhileOthersSweep(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.MustClaim(w.NewCallback().ID)
	sweeps(w, callback.LeaseTime)
	w.WantInterrupted(1)
}

// By clocks of their own each would see an outage in what the other has written, and never notice a kill.
func TestKilledWorkerIsNoticedByWorkersWhoseClocksDiffer(t *testing.T) {
	t.Parallel()
	for _, apart := range modelstest.ClockErrors {
		t.Run(apart.String(), func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			ahead := w.ServiceAhead(apart)
			both := func() (interrupted int) {
				first, _, err := w.Sweep(t.Context())
				modelstest.NoError(t, err)
				modelstest.NoError(t, ahead.Clock().Sync(t.Context()))
				second, _, err := ahead.Upkeep.Sweep(t.Context())
				modelstest.NoError(t, err)
				return first + second
			}
			both()
			w.MustClaim(w.NewCallback().ID)
			interrupted := 0
			for range 6 {
				w.Clock.Advance(callback.SweepInterval)
				interrupted += both()
			}
			if interrupted != 1 {
				t.Errorf("interrupted %d", interrupted)
			}
		})
	}
}

func TestClockThatWasWrongOnceStopsNoSweep(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.WantInterrupted(0)
	wrong := w.ServiceBy(func() time.Time { return w.Clock.Now().AddDate(1, 0, 0) }, nil)
	_, _, err := wrong.Upkeep.Sweep(t.Context())
	modelstest.NoError(t, err)
	w.MustClaim(w.NewCallback().ID)
	sweeps(w, callback.LeaseTime)
	w.WantInterrupted(1)
	d := w.MustClaim(w.NewCallback().ID)
	outage(w, time.Minute) // and outages are noticed again
	w.WantInterrupted(0)
	if renewed := w.MustRenew(d.Lease()); len(renewed) != 1 {
		t.Error("lost")
	}
}
