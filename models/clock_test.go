package models_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/crawl"
)

// clocked is a store with a clock of a test's, which takes a while to answer.
type clocked struct {
	models.Store
	clock *clock
	took  func()
}

func (c *clocked) Clock(context.Context) (time.Time, error) {
	at := c.clock.now()
	if c.took != nil {
		c.took()
	}
	return at, nil
}

// skewed is a process whose clock is ahead of the database's, which the world's is.
func (w *world) skewed(ahead time.Duration) *models.Service {
	return w.on(&clocked{Store: w.store, clock: w.clock}).WithClock(
		func() time.Time { return w.clock.now().Add(ahead) }, func() float64 { return 0.5 })
}

// bothSides are clocks that are too fast, and too slow.
var bothSides = []time.Duration{15 * time.Second, -15 * time.Second, time.Hour}

// onWrongClocks runs a test for a process on each side, which has compared its clock.
func onWrongClocks(t *testing.T, test func(t *testing.T, w *world, p *models.Service, ahead time.Duration)) {
	t.Helper()
	for _, ahead := range bothSides {
		t.Run(ahead.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.skewed(ahead)
			noError(t, p.SyncClock(t.Context()))
			test(t, w, p, ahead)
		})
	}
}

func TestProcessGoesByTheClockOfTheDatabase(t *testing.T) {
	t.Parallel()
	onWrongClocks(t, func(t *testing.T, w *world, p *models.Service, ahead time.Duration) {
		w.clock.advance(time.Hour)
		if got := p.Now(); !got.Equal(w.clock.now()) || p.ClockOffset() != -ahead {
			t.Errorf("%s, and not %s, with an offset of %s", got, w.clock.now(), p.ClockOffset())
		}
	})
}

func TestLeaseOfAWorkerWithAWrongClockIsNotTakenByOthers(t *testing.T) {
	t.Parallel()
	onWrongClocks(t, func(t *testing.T, w *world, p *models.Service, _ time.Duration) {
		d := w.claimBy(p, w.raised().ID)
		for range 5 { // each sweeps and looks at the other's leases
			w.clock.advance(models.SweepInterval)
			w.interrupts(0)
			noError(t, p.SyncClock(t.Context()))
			if interrupted, _, err := p.Sweep(t.Context()); interrupted != 0 || err != nil {
				t.Errorf("interrupted %d, %v", interrupted, err)
			}
			renewed, err := p.Renew(t.Context(), []models.Lease{d.Lease()})
			if noError(t, err); len(renewed) != 1 {
				t.Error("lost")
			}
		}
		w.clock.advance(models.LeaseTime / 2) // now it is killed
		w.interrupts(0)
		w.clock.advance(models.LeaseTime / 2)
		w.interrupts(1)
	})
}

func TestWhatAProcessWithAWrongClockMakesIsDueForOthersAtOnce(t *testing.T) {
	t.Parallel()
	onWrongClocks(t, func(t *testing.T, w *world, p *models.Service, _ time.Duration) {
		_, c, err := w.crawlsOn(p, w.store.InCrawlTx).FinishCrawl(t.Context(), w.platform, crawl.End{
			CrawlID: 1, ProjectID: &w.project.ID, Kind: crawl.Standard, Status: crawl.Finished,
		})
		noError(t, err)
		if got := w.queue.take(); len(got) != 1 || !got[0].At.Equal(w.clock.now()) {
			t.Errorf("woken: %v", got)
		}
		d := w.claim(c.ID)
		if !d.Attempt.StartedAt.Equal(c.CreatedAt) {
			t.Errorf("made at %s and begun at %s", c.CreatedAt, d.Attempt.StartedAt)
		}
		noError(t, p.Settle(t.Context(), p.Decide(d, refused()))) // and what it puts off is due when the schedule says
		w.clock.advance(twoRetries[0])
		w.claim(c.ID)
	})
}

// A database that a failover has moved to another machine may have another clock.
func TestClockOfTheDatabaseThatJumpsInterruptsNothing(t *testing.T) {
	t.Parallel()
	for _, jump := range bothSides {
		t.Run(jump.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			database := &clock{at: w.clock.now()}
			p := w.on(&clocked{Store: w.store, clock: database})
			pass := func(d time.Duration) {
				w.clock.advance(d)
				database.advance(d)
				noError(t, p.SyncClock(t.Context()))
				if interrupted, _, err := p.Sweep(t.Context()); interrupted != 0 || err != nil {
					t.Errorf("interrupted %d, %v", interrupted, err)
				}
			}
			pass(0)
			d := w.claimBy(p, w.raised().ID)
			database.advance(jump)
			for range 10 {
				pass(models.SweepInterval)
				renewed, err := p.Renew(t.Context(), []models.Lease{d.Lease()})
				if noError(t, err); len(renewed) != 1 {
					t.Error("lost")
				}
			}
			if got := p.Now(); !got.Equal(database.now()) {
				t.Errorf("%s, and not %s", got, database.now())
			}
		})
	}
}

func TestSlowAnswerOfTheClockCorrectsOnlyWhatItProves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	slow := &clocked{Store: w.store, clock: &clock{at: w.clock.now()}}
	p := w.on(slow)
	both := func(d time.Duration) { w.clock.advance(d); slow.clock.advance(d) }
	for _, step := range []struct {
		name                string
		database, way, want time.Duration // what is set, the way back, and the offset then
	}{
		{"the clocks agree", 0, 2 * time.Second, 0},
		{"a quick answer says it exactly", time.Second, 0, time.Second},
		{"a slow one may have been on its way for that long", time.Second, 5 * time.Second, time.Second},
		{"or not for quite as long", 4 * time.Second, 2 * time.Second, 4 * time.Second},
		{"and it cannot have been on its way before it was given", -10 * time.Second, 2 * time.Second, -4 * time.Second},
		{"a quick one again", -time.Second, 0, -5 * time.Second},
	} {
		slow.clock.advance(step.database)
		slow.took = func() { both(step.way) }
		noError(t, p.SyncClock(t.Context()))
		if got := p.ClockOffset(); got != step.want {
			t.Errorf("%s: %s", step.name, got)
		}
	}
}

func TestWrongClockIsSaidOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var log bytes.Buffer
	database := &clocked{Store: w.store, clock: &clock{at: w.clock.now().Add(time.Second)}}
	p := models.NewService(database, w.queue, w.rules, slog.New(slog.NewTextHandler(&log, nil))).WithClock(w.clock.now, nil)
	for _, step := range []struct {
		more time.Duration
		want string
	}{
		{0, ""},
		{time.Second, "level=WARN msg=clock.differs database_ahead_seconds=2"},
		{time.Second, ""},
		{-2 * time.Second, "level=INFO msg=clock.agrees database_ahead_seconds=1"},
		{0, ""},
		{-16 * time.Second, "level=WARN msg=clock.differs database_ahead_seconds=-15"},
	} {
		log.Reset()
		database.clock.advance(step.more)
		noError(t, p.SyncClock(t.Context()))
		if got := log.String(); !strings.Contains(got, step.want) || step.want == "" && got != "" {
			t.Errorf("%s: %q", step.more, got)
		}
	}
}

// claimBy is claim by another process.
func (w *world) claimBy(p *models.Service, id int64) *models.Delivery {
	w.t.Helper()
	deliveries, _, _, err := p.Claim(w.t.Context(), of(w.callback(id).Lane, 1))
	if noError(w.t, err); len(deliveries) != 1 || deliveries[0].Callback.ID != id {
		w.t.Fatalf("claimed %v", deliveries)
	}
	return deliveries[0]
}
