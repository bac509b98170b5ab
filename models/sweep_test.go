package models_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/store"
)

// grace is how long the queue has for a wake-up.
const grace = time.Second

// epoch is the number of the sweep interval that a time is in.
func epoch(at time.Time) int { return int(at.Unix() / 2) }

// waiting creates callbacks like a given one that wait for a host, each due a microsecond after the one before, and returns
// their ids.
func (w *world) waiting(like *models.Callback, host string, count int) []int64 {
	w.t.Helper()
	created := make([]int64, count)
	noError(w.t, w.store.InTx(w.t.Context(), func(tx models.Store) error {
		for i := range created {
			c := *like
			c.UID, c.Lane.Host = uuid.Must(uuid.NewV7()), host
			c.DedupKey, c.NextAttemptAt = c.UID.String(), new(like.NextAttemptAt.Add(time.Duration(i+1)*time.Microsecond))
			if err := tx.CreateCallbacks(w.t.Context(), &c); err != nil {
				return err
			}
			created[i] = c.ID
		}
		return nil
	}))
	return created
}

func TestSweepInterruptsACallbackWhoseLeaseRanOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	w.claim(c.ID)
	w.clock.advance(models.LeaseTime - time.Microsecond)
	if interrupted, woken := w.sweep(); interrupted != 0 || woken != 0 {
		t.Fatalf("before the lease ends: interrupted %d, woke %d", interrupted, woken)
	}
	w.clock.advance(time.Microsecond)
	end := w.clock.now()
	if interrupted, woken := w.sweep(); interrupted != 1 || woken != 0 {
		t.Fatalf("when the lease has ended: interrupted %d, woke %d", interrupted, woken)
	}
	c = w.callback(c.ID)
	wantStatus(t, c, models.StatusPending)
	if !c.NextAttemptAt.Equal(end) || c.FailureCount != 0 || len(w.notices()) != 0 {
		t.Errorf("a worker that went away counts as the receiver's failure: %+v", c)
	}
	a := w.attempts(c.ID)[0]
	if a.Error == nil || a.Error.Code != models.Interrupted || a.Duration != models.LeaseTime || !a.FinishedAt.Equal(end) {
		t.Errorf("the attempt is %+v", a)
	}
	w.clock.advance(grace)
	if interrupted, woken := w.sweep(); interrupted != 0 || woken != 1 {
		t.Fatalf("a second later: interrupted %d, woke %d", interrupted, woken)
	}
	want := []models.Wakeup{{Lane: w.lane(projectHost), Epoch: epoch(w.clock.now()), At: w.clock.now()}}
	if diff := cmp.Diff(want, w.queue.take()); diff != "" {
		t.Error(diff)
	}
}

func TestSweepThatComesLateInterruptsAndWakesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	w.claim(c.ID)
	w.clock.advance(models.LeaseTime + grace)
	if interrupted, woken := w.sweep(); interrupted != 1 || woken != 1 {
		t.Fatalf("interrupted %d, woke %d", interrupted, woken)
	}
	if got := w.callback(c.ID).NextAttemptAt; !got.Equal(start.Add(models.LeaseTime)) {
		t.Errorf("due at %s: it waits since its lease ran out", got)
	}
}

func TestSweepWakesWhatNobodyTookForASecondWithAnotherNameInEachInterval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised() // its wake-up is lost
	w.clock.advance(grace - time.Microsecond)
	if _, woken := w.sweep(); woken != 0 {
		t.Fatal("woken while the queue still has time")
	}
	w.clock.advance(time.Microsecond) // an even second: an interval begins
	names := map[int]bool{}
	for range 3 {
		interval := epoch(w.clock.now())
		if names[interval] {
			t.Errorf("the name %d was used before: a task that is stuck under it would stand in the way", interval)
		}
		names[interval] = true
		for _, within := range []time.Duration{0, models.SweepInterval - time.Microsecond} { // the same name: the queue takes it once
			w.clock.advance(within)
			if _, woken := w.sweep(); woken != 1 {
				t.Fatalf("woke %d", woken)
			}
			want := []models.Wakeup{{Lane: w.lane(projectHost), Epoch: interval, At: w.clock.now()}}
			if diff := cmp.Diff(want, w.queue.take()); diff != "" {
				t.Error(diff)
			}
		}
		w.clock.advance(time.Microsecond)
	}
	if c = w.callback(c.ID); c.AttemptCount != 0 {
		t.Errorf("waking changed the callback: %+v", c)
	}
}

func TestSweepWakesEachHostOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	w.waiting(c, "busy.example:443", 6)
	w.waiting(c, "quiet.example:80", 1)
	w.waiting(c, "", 2)
	w.clock.advance(time.Minute)
	late := *c
	late.NextAttemptAt = new(w.clock.now().Add(time.Second))
	w.waiting(&late, "later.example:443", 1)
	if _, woken := w.sweep(); woken != 4 {
		t.Errorf("woke %d", woken)
	}
	var want []models.Wakeup
	for _, host := range []string{"", "busy.example:443", projectHost, "quiet.example:80"} {
		want = append(want, models.Wakeup{Lane: w.lane(host), Epoch: epoch(w.clock.now()), At: w.clock.now()})
	}
	got := w.queue.take()
	slices.SortFunc(got, func(a, b models.Wakeup) int { return strings.Compare(a.Lane.Host, b.Lane.Host) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSweepCostsTheSameForOneCallbackAndForMany(t *testing.T) {
	t.Parallel()
	var statements atomic.Int32
	w := newWorld(t, store.WithTrace(func(context.Context, string, time.Duration) { statements.Add(1) }))
	c := w.raised()
	w.waiting(c, projectHost, 2)
	w.clock.advance(time.Minute)
	cost := func() int32 {
		before := statements.Load()
		w.sweep()
		return statements.Load() - before
	}
	few := cost()
	w.waiting(c, projectHost, 297)
	if many := cost(); few == 0 || many != few {
		t.Errorf("%d statements for 3 callbacks, %d for 300", few, many)
	}
	w.waiting(c, "another.example:443", 1)
	if two := cost(); two != few {
		t.Errorf("%d statements for one host, %d for two", few, two)
	}
}

func TestFarRetryIsLeftOutOfTheQueueAndWokenWhenDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	c = w.deliver(c.ID, refused())
	if got := w.queue.take(); len(got) != 2 || !got[0].At.Equal(*c.NextAttemptAt) { // with the notice
		t.Fatalf("the near retry was enqueued as %v", got)
	}
	c = w.deliver(c.ID, refused()) // the next attempt is five minutes away
	if got := w.queue.take(); len(got) != 0 {
		t.Fatalf("the far retry was enqueued: %v", got)
	}
	noticeDue := w.callback(w.notices()[0].ID)
	w.deliver(noticeDue.ID, answered(200)) // out of the way of the sweep
	w.clock.advance(c.NextAttemptAt.Sub(w.clock.now()) + grace - time.Microsecond)
	if _, woken := w.sweep(); woken != 0 {
		t.Fatal("woken before it has been due for a second")
	}
	w.clock.advance(time.Microsecond)
	if _, woken := w.sweep(); woken != 1 {
		t.Fatal("not woken when due: nobody else would")
	}
	want := []models.Wakeup{{Lane: w.lane(projectHost), Epoch: epoch(w.clock.now()), At: w.clock.now()}}
	if diff := cmp.Diff(want, w.queue.take()); diff != "" {
		t.Error(diff)
	}
	w.claim(c.ID)
}

func TestQueueHoldsTheNextMinuteOnly(t *testing.T) {
	t.Parallel()
	for delay, enqueued := range map[time.Duration]bool{time.Minute: true, time.Minute + time.Second: false} {
		t.Run(delay.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.rules.Schedule = models.Schedule{delay}
			w.configure()
			c := w.deliver(w.raised().ID, refused())
			got := false
			for _, wakeup := range w.queue.take() {
				got = got || wakeup.CallbackID == c.ID
			}
			if got != enqueued {
				t.Errorf("enqueued: %t", got)
			}
		})
	}
}

func TestWakeupSaysTheLaneTheEventAndWhetherItIsTheFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, c, err := w.FinishCrawl(t.Context(), w.platform, w.ended(5))
	noError(t, err)
	want := []models.Wakeup{
		{Lane: w.lane(projectHost), At: start, CallbackID: c.ID, Event: models.CrawlFinishedEvent, First: true},
	}
	if diff := cmp.Diff(want, w.queue.take()); diff != "" {
		t.Error(diff)
	}
	w.deliver(c.ID, refused())
	want = []models.Wakeup{
		{Lane: w.lane(projectHost), At: start.Add(twoRetries[0]), CallbackID: c.ID, Event: models.CrawlFinishedEvent},
		{Lane: w.lane(webhookHost), At: start, CallbackID: w.notices()[0].ID, Event: models.CallbackFailedEvent, First: true},
	}
	if diff := cmp.Diff(want, w.queue.take()); diff != "" {
		t.Error(diff)
	}
}

func TestQueueThatFailsIsNotTheCallersProblem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue.fail()
	_, c, err := w.FinishCrawl(t.Context(), w.platform, w.ended(5))
	noError(t, err)
	d := w.claim(c.ID)
	noError(t, w.Settle(t.Context(), w.Decide(d, answered(410))))
	_, err = w.ReplayCallback(t.Context(), w.admin, c.ID)
	noError(t, err)
	w.clock.advance(time.Minute)
	w.swept()
	if _, _, err := w.Sweep(t.Context()); err != nil {
		t.Errorf("the sweep: %v", err)
	}
}

func TestQueueIsWaitedForFor50Milliseconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.FinishCrawl(t.Context(), w.platform, w.ended(5))
	noError(t, err)
	if patience := w.queue.patience; patience <= 0 || patience > 50*time.Millisecond {
		t.Errorf("the queue has %s", patience)
	}
}

func TestSweepsAtTheSameTimeGiveTheSameNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	w.waiting(c, projectHost, 5)
	w.waiting(c, "another.example:443", 1)
	w.clock.advance(time.Minute)
	const sweeps = 4
	w.swept()
	atOnce(sweeps, func(int) {
		if _, _, err := w.Sweep(t.Context()); err != nil {
			t.Error(err)
		}
	})
	names := map[string]int{}
	for _, wakeup := range w.queue.take() {
		names[fmt.Sprint(wakeup.Lane, wakeup.Epoch)]++
	}
	if len(names) != 2 {
		t.Errorf("woken under the names %v", names)
	}
	for name, count := range names {
		if count != sweeps {
			t.Errorf("%s: woken by %d of %d sweeps", name, count, sweeps)
		}
	}
}

func TestSweepsAtTheSameTimeInterruptOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 6 {
		w.claim(w.raised().ID)
	}
	w.clock.advance(models.LeaseTime)
	var mu sync.Mutex
	total := 0
	w.swept()
	atOnce(4, func(int) {
		interrupted, _, err := w.Sweep(t.Context())
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		total += interrupted
	})
	if total != 6 {
		t.Errorf("interrupted %d times", total)
	}
}

func TestSweepLeavesEndedCallbacksAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deliver(w.raised().ID, answered(200))
	w.clock.advance(1000 * time.Hour)
	if interrupted, woken := w.sweep(); interrupted != 0 || woken != 0 {
		t.Errorf("interrupted %d, woke %d", interrupted, woken)
	}
}

func TestCountOfDueCallbacksStartsAtTheGivenAge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	w.waiting(c, "another.example:443", 2)
	w.clock.advance(time.Minute)
	for since, want := range map[time.Duration]int{0: 3, 59 * time.Second: 3, time.Minute: 1, time.Minute + time.Microsecond: 0} {
		got, err := w.CountDue(t.Context(), models.LeasedCallbacks, since)
		noError(t, err)
		if got != want {
			t.Errorf("due for %s: %d, want %d", since, got, want)
		}
	}
}
