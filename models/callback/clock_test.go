package callback_test

import (
	"testing"
	"time"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
)

// onWrongClocks runs a test for a process on each side, which has compared its clock.
func onWrongClocks(
	t *testing.T, test func(t *testing.T, w *modelstest.World, p *callback.Service, ahead time.Duration),
) {
	t.Helper()
	for _, ahead := range modelstest.ClockErrors {
		t.Run(ahead.String(), func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			p := w.ServiceAhead(ahead)
			modelstest.NoError(t, p.Clock().Sync(t.Context()))
			test(t, w, p, ahead)
		})
	}
}

func TestProcessGoesByTheClockOfTheDatabase(t *testing.T) {
	t.Parallel()
	onWrongClocks(t, func(t *testing.T, w *modelstest.World, p *callback.Service, ahead time.Duration) {
		w.Clock.Advance(time.Hour)
		if got := p.Now(); !got.Equal(w.Clock.Now()) || p.Clock().Offset() != -ahead {
			t.Errorf("%s, and not %s, with an offset of %s", got, w.Clock.Now(), p.Clock().Offset())
		}
	})
}

func TestLeaseOfAWorkerWithAWrongClockIsNotTakenByOthers(t *testing.T) {
	t.Parallel()
	onWrongClocks(t, func(t *testing.T, w *modelstest.World, p *callback.Service, _ time.Duration) {
		d := claimBy(w, p, w.NewCallback().ID)
		for range 5 { // each sweeps and looks at the other's leases
			w.Clock.Advance(callback.SweepInterval)
			w.WantInterrupted(0)
			modelstest.NoError(t, p.Clock().Sync(t.Context()))
			if interrupted, _, err := p.Upkeep.Sweep(t.Context()); interrupted != 0 || err != nil {
				t.Errorf("interrupted %d, %v", interrupted, err)
			}
			renewed, err := p.Deliveries.Renew(t.Context(), []callback.Lease{d.Lease()})
			if modelstest.NoError(t, err); len(renewed) != 1 {
				t.Error("lost")
			}
		}
		w.Clock.Advance(callback.LeaseTime / 2) // now it is killed
		w.WantInterrupted(0)
		w.Clock.Advance(callback.LeaseTime / 2)
		w.WantInterrupted(1)
	})
}

func TestWhatAProcessWithAWrongClockMakesIsDueForOthersAtOnce(t *testing.T) {
	t.Parallel()
	onWrongClocks(t, func(t *testing.T, w *modelstest.World, p *callback.Service, _ time.Duration) {
		_, c, err := w.CrawlsOn(p, w.Store.InCrawlTx).FinishCrawl(t.Context(), w.Platform, crawl.End{
			CrawlID: 1, ProjectID: &w.Shop.ID, Kind: crawl.Standard, Status: crawl.Finished,
		})
		modelstest.NoError(t, err)
		if got := w.Queue.Take(); len(got) != 1 || !got[0].At.Equal(w.Clock.Now()) {
			t.Errorf("woken: %v", got)
		}
		d := w.MustClaim(c.ID)
		if !d.Attempt.StartedAt.Equal(c.CreatedAt) {
			t.Errorf("made at %s and begun at %s", c.CreatedAt, d.Attempt.StartedAt)
		}
		// and what it puts off is due when the schedule says
		modelstest.NoError(t, p.Deliveries.Settle(t.Context(), p.Deliveries.Decide(d, modelstest.Refused())))
		w.Clock.Advance(modelstest.TwoRetries[0])
		w.MustClaim(c.ID)
	})
}

// A database that a failover has moved to another machine may have another clock.
func TestClockOfTheDatabaseThatJumpsInterruptsNothing(t *testing.T) {
	t.Parallel()
	for _, jump := range modelstest.ClockErrors {
		t.Run(jump.String(), func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			database := modelstest.NewClock(w.Clock.Now())
			p := w.ServiceBy(w.Clock.Now, &modelstest.Clocked{By: database})
			pass := func(d time.Duration) {
				w.Clock.Advance(d)
				database.Advance(d)
				modelstest.NoError(t, p.Clock().Sync(t.Context()))
				if interrupted, _, err := p.Upkeep.Sweep(t.Context()); interrupted != 0 || err != nil {
					t.Errorf("interrupted %d, %v", interrupted, err)
				}
			}
			pass(0)
			d := claimBy(w, p, w.NewCallback().ID)
			database.Advance(jump)
			for range 10 {
				pass(callback.SweepInterval)
				renewed, err := p.Deliveries.Renew(t.Context(), []callback.Lease{d.Lease()})
				if modelstest.NoError(t, err); len(renewed) != 1 {
					t.Error("lost")
				}
			}
			if got := p.Now(); !got.Equal(database.Now()) {
				t.Errorf("%s, and not %s", got, database.Now())
			}
		})
	}
}

// claimBy is claim by another process.
func claimBy(w *modelstest.World, p *callback.Service, id int64) *callback.Delivery {
	w.T.Helper()
	deliveries, _, _, err := p.Deliveries.Claim(w.T.Context(), modelstest.Limit(w.ReadCallback(id).Lane, 1))
	if modelstest.NoError(w.T, err); len(deliveries) != 1 || deliveries[0].Callback.ID != id {
		w.T.Fatalf("claimed %v", deliveries)
	}
	return deliveries[0]
}
