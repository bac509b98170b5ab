package jobs

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

var errAway = errors.New("the database is away")

func TestWhatIsClaimedAheadIsGivenBackAfterASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStock(t, 40, 1)
		s.nudge(laneA)
		s.expect(t, "at first", 1)
		s.settle()
		s.expect(t, "when the first is answered", 2)
		ahead := s.inHandNow() - 1
		if ahead < 2 {
			t.Fatalf("%d are claimed ahead", ahead)
		}
		pass(time.Second + 10*time.Millisecond)
		if given := s.given(); len(given) != ahead || given[0] != 3 {
			t.Errorf("given back: %v, of %d", given, ahead)
		}
		s.settle()
		if got := s.began(); len(got) != 1 || got[0] <= int64(2+ahead) {
			t.Errorf("%v began, want one that is claimed anew", got)
		}
	})
}

func TestWhatIsClaimedAheadDoesNotLeaveInAnOutageAndIsGivenBackAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStock(t, 40, 1)
		s.nudge(laneA)
		s.expect(t, "at first", 1)
		s.settle()
		s.expect(t, "then", 2)
		ahead := s.inHandNow() - 1
		s.away.Store(true)
		pass(time.Hour)
		s.settle()
		s.expect(t, "in the outage")
		if n := s.inHandNow(); n != ahead {
			t.Errorf("%d are in hand, want %d whose leases are to be renewed", n, ahead)
		}
		s.away.Store(false)
		pass(maxRecordPause + time.Second)
		if given := s.given(); len(given) < ahead || given[0] != 3 {
			t.Errorf("given back: %v", given)
		}
	})
}

func TestWhatCameTooLateToBeginIsGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStock(t, 40, 1)
		s.away.Store(true) // for renewals, from the claim on
		s.atClaim = func() { modelstest.Pass(callback.LeaseTime); s.away.Store(false); s.atClaim = func() {} }
		s.nudge(laneA)
		pass(callback.LeaseTime)
		if got := s.began(); slices.Contains(got, 1) || len(got) != 1 {
			t.Errorf("%v began, want one that is claimed anew", got)
		}
		if given := s.given(); len(given) == 0 || given[0] != 1 {
			t.Errorf("given back: %v", given)
		}
	})
}

func TestLeasesAreRenewedSoonAfterAnOutageAndSeldomOtherwise(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newStock(t, 40, 1)
		h.nudge(laneA)
		h.expect(t, "at first", 1)
		modelstest.Pass(10*callback.LeaseRenewal + time.Second)
		if n := h.renewals.Load(); n != 10 {
			t.Errorf("renewed %d times within 31 s", n)
		}
		h.away.Store(true)
		modelstest.Pass(time.Minute)
		before := h.renewals.Load()
		h.away.Store(false)
		modelstest.Pass(renewPause + time.Millisecond)
		if n := h.renewals.Load() - before; n < 1 || n > 2 { // two where one was just due
			t.Errorf("renewed %d times within half a second after the outage", n)
		}
	})
}

func TestOutcomeIsWrittenHoweverLongTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		back, tries := time.Now().Add(time.Hour), 0
		err := retry(t.Context(), func(ctx context.Context) error {
			tries++
			if time.Now().Before(back) {
				return errAway
			}
			return ctx.Err()
		})
		if late := time.Since(back); err != nil || late > maxRecordPause || tries > 2000 {
			t.Errorf("%v, %s after the database was back, with %d tries", err, late, tries)
		}
	})
}

func TestOutcomeThatHangsIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		err := retry(t.Context(), func(ctx context.Context) error {
			if tries++; tries < 4 {
				<-ctx.Done()
			}
			return ctx.Err()
		})
		if err != nil || tries != 4 {
			t.Errorf("%v after %d tries", err, tries)
		}
	})
}

func TestOutcomeIsGivenUpSoonAfterTheWorkerHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		began := time.Now()
		err := retry(ctx, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		if took := time.Since(began); err == nil || took != time.Minute+lastWord {
			t.Errorf("%v after %s", err, took)
		}
	})
}

func TestPulseStallsWhenNothingGetsThrough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p pulse
		fails := func() error { return errAway }
		stalled := func(want bool, when string) {
			t.Helper()
			if got := p.stalled(time.Now()); got != want {
				t.Errorf("%s: %t", when, got)
			}
		}
		stalled(false, "before the first try")
		for range 5 {
			_ = p.try(fails)
			stalled(false, "while it fails for less than stallTime")
			modelstest.Pass(stallTime / 5)
		}
		_ = p.try(fails)
		modelstest.Pass(time.Millisecond)
		stalled(true, "when it has failed for longer")
		_ = p.try(func() error { return nil })
		stalled(false, "when it gets through")
		_ = p.try(fails)
		modelstest.Pass(2*stallTime + time.Second)
		stalled(false, "when it was not tried again for long")
		_ = p.try(fails)
		stalled(false, "when it fails once more")
		go func() { _ = p.try(func() error { modelstest.Pass(stallTime + time.Second); return errAway }) }()
		modelstest.Pass(stallTime + time.Millisecond)
		stalled(true, "while it hangs")
		modelstest.Pass(time.Second)
	})
}

func TestIdleWorkerStopsAtOnceWhileTheDatabaseHangs(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	queue := NewQueue(client, name, prometheus.NewRegistry())
	w := newWorld(t, queue, callback.Schedule{time.Hour}, answer(200))
	begun := make(chan struct{}, 1)
	w.on(func(db *callback.Ports) {
		beforeAll(db, func(ctx context.Context) error { // they hang until their contexts end
			select {
			case begun <- struct{}{}:
			default:
			}
			<-ctx.Done()
			return ctx.Err()
		})
	})
	worker := newWorker(t, client, queue, w)
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	<-begun
	stopped := make(chan struct{})
	began := time.Now()
	go func() { worker.Stop(); close(stopped) }()
	modelstest.Receive(t, "it stops", stopped)
	if took := time.Since(began); took > testTimeout+recordMargin {
		t.Errorf("it waits for what hangs: %s", took)
	}
}
