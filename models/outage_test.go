package models_test

import (
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

// outage lets the database be away for so long: nobody sweeps, and nobody renews.
func (w *world) outage(long time.Duration) {
	w.t.Helper()
	w.interrupts(0)
	w.clock.advance(long)
}

// interrupts sweeps once, and expects what that interrupts.
func (w *world) interrupts(want int) {
	w.t.Helper()
	interrupted, _, err := w.Sweep(w.t.Context())
	noError(w.t, err)
	if interrupted != want {
		w.t.Errorf("at %s: interrupted %d, want %d", w.clock.now(), interrupted, want)
	}
}

// sweeps as workers do for a time, and expects that nothing is interrupted.
func (w *world) sweeps(long time.Duration) {
	w.t.Helper()
	for end := w.clock.now().Add(long); w.clock.now().Before(end); w.clock.advance(models.SweepInterval) {
		w.interrupts(0)
	}
}

func TestOutageOfAnyLengthIsNotTakenForAKill(t *testing.T) {
	t.Parallel()
	for _, long := range []time.Duration{7 * time.Second, 45 * time.Second, 24 * time.Hour} {
		t.Run(long.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			kept := w.claim(w.raised().ID)
			lost := w.raised()
			w.claim(lost.ID)
			w.outage(long)
			w.interrupts(0) // the first sweep, before anybody has renewed
			w.clock.advance(models.LeaseRenewal)
			if renewed := w.renew(kept.Lease()); len(renewed) != 1 {
				t.Fatal("a worker that lives cannot renew its leases after the outage")
			}
			w.interrupts(0)
			w.sweeps(models.LeaseTime - models.LeaseRenewal)
			w.interrupts(1) // a worker that was killed meanwhile is noticed after one more lease
			wantStatus(t, w.callback(lost.ID), models.StatusPending)
			w.record(kept, answered(200))
			wantStatus(t, w.callback(kept.Callback.ID), models.StatusSuccess)
		})
	}
}

func TestOutagesThatFollowEachOtherAreNotTakenForAKill(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.claim(w.raised().ID)
	for range 5 {
		w.outage(20 * time.Second)
		w.sweeps(4 * time.Second)
	}
	if renewed := w.renew(d.Lease()); len(renewed) != 1 {
		t.Error("lost")
	}
}

func TestOutageIsNotTakenForAKillOfABatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	w.newRun(pages(1))
	x := w.claimBatches(a, 1)[0]
	w.outage(time.Minute)
	w.interrupts(0)
	if renewed, err := w.RenewBatches(t.Context(), []models.Lease{x.Lease()}); len(renewed) != 1 || err != nil {
		t.Errorf("renewed %v, %v", renewed, err)
	}
}

func TestKilledWorkerIsNoticedWhileOthersSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.claim(w.raised().ID)
	w.sweeps(models.LeaseTime)
	w.interrupts(1)
}

// By clocks of their own each would see an outage in what the other has written, and never notice a kill.
func TestKilledWorkerIsNoticedByWorkersWhoseClocksDiffer(t *testing.T) {
	t.Parallel()
	for _, apart := range bothSides {
		t.Run(apart.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ahead := w.skewed(apart)
			both := func() (interrupted int) {
				first, _, err := w.Sweep(t.Context())
				noError(t, err)
				noError(t, ahead.SyncClock(t.Context()))
				second, _, err := ahead.Sweep(t.Context())
				noError(t, err)
				return first + second
			}
			both()
			w.claim(w.raised().ID)
			interrupted := 0
			for range 6 {
				w.clock.advance(models.SweepInterval)
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
	w := newWorld(t)
	w.interrupts(0)
	wrong := w.WithClock(func() time.Time { return w.clock.now().AddDate(1, 0, 0) }, func() float64 { return 0.5 })
	_, _, err := wrong.Sweep(t.Context())
	noError(t, err)
	w.claim(w.raised().ID)
	w.sweeps(models.LeaseTime)
	w.interrupts(1)
	d := w.claim(w.raised().ID)
	w.outage(time.Minute) // and outages are noticed again
	w.interrupts(0)
	if renewed := w.renew(d.Lease()); len(renewed) != 1 {
		t.Error("lost")
	}
}
