package jobs

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringback/ringback/models"
)

var errAway = errors.New("the database is away")

// shelf is a stock behind a database that can be away, and that can have lost what was claimed.
type shelf struct {
	*stock
	*dispatcher[int64]
	away, lost atomic.Bool
	renewals   atomic.Int64
	slow       time.Duration // a claim
}

// newShelf has one in flight in the lane "a", and four claimed ahead.
func newShelf(t *testing.T) *shelf {
	t.Helper()
	h := &shelf{}
	h.stock, h.dispatcher = newStock(t, 4, 1)
	h.source.claim = func(ctx context.Context, lane string, limit int) ([]int64, []string, error) {
		if h.away.Load() {
			return nil, nil, errAway
		}
		<-time.After(h.slow)
		return h.stock.claim(ctx, lane, limit)
	}
	h.source.renew = func(_ context.Context, leases []models.Lease) ([]models.Lease, error) {
		h.renewals.Add(1)
		switch {
		case h.away.Load():
			return nil, errAway
		case h.lost.Load():
			return nil, nil
		}
		return slices.Clone(leases), nil
	}
	h.lanes["a"] = &lane[int64]{name: "a", pace: pace{average: time.Millisecond}}
	ended := make(chan struct{})
	t.Cleanup(func() { close(ended) })
	go h.renew(ended)
	return h
}

// began returns what has begun since it was asked last.
func (h *shelf) began() (list []int64) {
	synctest.Wait()
	for len(h.begun) > 0 {
		list = append(list, <-h.begun)
	}
	return list
}

func (h *shelf) expect(t *testing.T, when string, want ...int64) {
	t.Helper()
	if got := h.began(); !slices.Equal(got, want) {
		t.Errorf("%s: %v began, want %v", when, got, want)
	}
}

// settle ends what is in flight.
func (h *shelf) settle() {
	h.answer <- struct{}{}
	h.record <- struct{}{}
}

func TestWhatIsClaimedDoesNotLeaveWhileItsLeaseCannotBeRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newShelf(t)
		h.nudge("a")
		h.expect(t, "at first", 1)
		h.away.Store(true)
		<-time.After(models.LeaseTime - leaseMargin - time.Millisecond)
		h.settle()
		h.expect(t, "while its lease is good", 2)
		<-time.After(2 * time.Millisecond)
		h.settle()
		h.expect(t, "when it may have run out")
		<-time.After(time.Hour)
		h.expect(t, "after an hour")
		h.away.Store(false)
		<-time.After(renewPause + time.Millisecond)
		h.expect(t, "when it could be renewed", 3)
		h.settle()
		h.expect(t, "and so on", 4)
	})
}

func TestWhatWasLostInAnOutageIsNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newShelf(t)
		h.nudge("a")
		h.expect(t, "at first", 1)
		h.away.Store(true)
		<-time.After(models.LeaseTime)
		h.settle()
		h.expect(t, "in the outage")
		h.lost.Store(true)
		h.away.Store(false)
		<-time.After(models.LeaseRenewal + time.Millisecond)
		h.nudge("a")
		if got := h.began(); len(got) != 1 || got[0] <= 5 {
			t.Errorf("%v began, want one that is claimed anew", got)
		}
		h.dispatcher.mu.Lock()
		defer h.dispatcher.mu.Unlock()
		if l := h.lanes["a"]; h.ready != len(l.ready) || len(h.inHand) != l.inFlight+len(l.ready) {
			t.Errorf("%d are ready, %d in all lanes; %d are in flight, %d in hand", len(l.ready), h.ready, l.inFlight, len(h.inHand))
		}
	})
}

func TestClaimThatTookLongerThanALeaseIsRenewedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newShelf(t)
		h.away.Store(true) // for renewals, from the claim on
		h.slow = models.LeaseTime
		h.source.claim = func(ctx context.Context, lane string, limit int) ([]int64, []string, error) {
			<-time.After(h.slow)
			return h.stock.claim(ctx, lane, limit)
		}
		h.nudge("a")
		<-time.After(models.LeaseTime + time.Second)
		h.expect(t, "before it is renewed")
		h.away.Store(false)
		<-time.After(models.LeaseRenewal + time.Millisecond)
		h.expect(t, "when it is renewed", 1)
	})
}

func TestLeasesAreRenewedSoonAfterAnOutageAndSeldomOtherwise(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newShelf(t)
		h.nudge("a")
		h.expect(t, "at first", 1)
		<-time.After(10*models.LeaseRenewal + time.Second)
		if n := h.renewals.Load(); n != 10 {
			t.Errorf("renewed %d times within 31 s", n)
		}
		h.away.Store(true)
		<-time.After(time.Minute)
		before := h.renewals.Load()
		h.away.Store(false)
		<-time.After(renewPause + time.Millisecond)
		if n := h.renewals.Load() - before; n < 1 || n > 2 { // two where one was just due
			t.Errorf("renewed %d times within half a second after the outage", n)
		}
	})
}

func TestOutcomeIsWrittenHoweverLongTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		back, tries := time.Now().Add(time.Hour), 0
		err := insist(t.Context(), func(ctx context.Context) error {
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
		err := insist(t.Context(), func(ctx context.Context) error {
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
		err := insist(ctx, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
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
			<-time.After(stallTime / 5)
		}
		_ = p.try(fails)
		<-time.After(time.Millisecond)
		stalled(true, "when it has failed for longer")
		_ = p.try(func() error { return nil })
		stalled(false, "when it gets through")
		_ = p.try(fails)
		<-time.After(2*stallTime + time.Second)
		stalled(false, "when it was not tried again for long")
		_ = p.try(fails)
		stalled(false, "when it fails once more")
		go func() { _ = p.try(func() error { <-time.After(stallTime + time.Second); return errAway }) }()
		<-time.After(stallTime + time.Millisecond)
		stalled(true, "while it hangs")
		<-time.After(time.Second)
	})
}

// stuck is a store whose transactions hang until their contexts end, once it is told so.
type stuck struct {
	models.Store
	hangs chan struct{} // closed then
	begun chan struct{}
}

func (s *stuck) InTx(ctx context.Context, f func(models.Store) error) error {
	select {
	case <-s.hangs:
		select {
		case s.begun <- struct{}{}:
		default:
		}
		<-ctx.Done()
		return ctx.Err()
	default:
		return s.Store.InTx(ctx, f)
	}
}

func TestIdleWorkerStopsAtOnceWhileTheDatabaseHangs(t *testing.T) {
	t.Parallel()
	client, name := openQueue(t)
	queue := NewQueue(client, name, prometheus.NewRegistry())
	w := newWorld(t, queue, models.Schedule{time.Hour}, answer(200))
	store := &stuck{Store: w.store.Store, hangs: make(chan struct{}), begun: make(chan struct{}, 1)}
	w.store.Store = store
	close(store.hangs)
	worker := newWorker(t, client, queue, w)
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	<-store.begun
	stopped := make(chan struct{})
	began := time.Now()
	go func() { worker.Stop(); close(stopped) }()
	select {
	case <-stopped:
		t.Logf("stopped after %s", time.Since(began))
	case <-time.After(testTimeout + recordMargin):
		t.Error("it waits for what hangs")
		<-stopped
	}
}
