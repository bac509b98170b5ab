package callback_test

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

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
)

func TestSweepInterruptsACallbackWhoseLeaseRanOut(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	w.MustClaim(c.ID)
	w.Clock.Advance(callback.LeaseTime - time.Microsecond)
	if interrupted, woken := w.MustSweep(); interrupted != 0 || woken != 0 {
		t.Fatalf("before the lease ends: interrupted %d, woke %d", interrupted, woken)
	}
	w.Clock.Advance(time.Microsecond)
	end := w.Clock.Now()
	if interrupted, woken := w.MustSweep(); interrupted != 1 || woken != 0 {
		t.Fatalf("when the lease has ended: interrupted %d, woke %d", interrupted, woken)
	}
	c = w.ReadCallback(c.ID)
	modelstest.WantStatus(t, c, callback.StatusPending)
	if !c.NextAttemptAt.Equal(end) || c.FailureCount != 0 || len(w.Notices()) != 0 {
		t.Errorf("a worker that went away counts as the receiver's failure: %+v", c)
	}
	a := w.Attempts(c.ID)[0]
	if a.Error == nil || a.Error.Code != callback.Interrupted || a.Duration != callback.LeaseTime ||
		!a.FinishedAt.Equal(end) {
		t.Errorf("the attempt is %+v", a)
	}
	w.Clock.Advance(modelstest.WakeGrace)
	if interrupted, woken := w.MustSweep(); interrupted != 0 || woken != 1 {
		t.Fatalf("a second later: interrupted %d, woke %d", interrupted, woken)
	}
	want := []callback.Wakeup{
		{Lane: w.Lane(modelstest.ProjectHost), Epoch: modelstest.SweepEpoch(w.Clock.Now()), At: w.Clock.Now()},
	}
	if diff := cmp.Diff(want, w.Queue.Take()); diff != "" {
		t.Error(diff)
	}
}

func TestInterruptionLeavesEarlierAttemptsAsTheyEnded(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	w.Clock.Advance(c.NextAttemptAt.Sub(w.Clock.Now()))
	w.LateDelivery(c)
	attempts := w.Attempts(c.ID)
	if len(attempts) != 2 || attempts[0].Error.Code != callback.HTTPStatusError ||
		attempts[1].Error.Code != callback.Interrupted {
		t.Errorf("the attempts are %+v", attempts)
	}
}

func TestSweepThatComesLateInterruptsAndWakesAtOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	w.MustClaim(c.ID)
	w.Clock.Advance(callback.LeaseTime + modelstest.WakeGrace)
	if interrupted, woken := w.MustSweep(); interrupted != 1 || woken != 1 {
		t.Fatalf("interrupted %d, woke %d", interrupted, woken)
	}
	if got := w.ReadCallback(c.ID).NextAttemptAt; !got.Equal(modelstest.Start.Add(callback.LeaseTime)) {
		t.Errorf("due at %s: it waits since its lease ran out", got)
	}
}

func TestSweepWakesWhatNobodyTookForASecondWithAnotherNameInEachInterval(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback() // its wake-up is lost
	w.Clock.Advance(modelstest.WakeGrace - time.Microsecond)
	if _, woken := w.MustSweep(); woken != 0 {
		t.Fatal("woken while the queue still has time")
	}
	w.Clock.Advance(time.Microsecond) // an even second: an interval begins
	names := map[int]bool{}
	for range 3 {
		interval := modelstest.SweepEpoch(w.Clock.Now())
		if names[interval] {
			t.Errorf("the name %d was used before: a task that is stuck under it would stand in the way", interval)
		}
		names[interval] = true
		for _, within := range []time.Duration{0, callback.SweepInterval - time.Microsecond} { // the same name: the queue takes it once
			w.Clock.Advance(within)
			if _, woken := w.MustSweep(); woken != 1 {
				t.Fatalf("woke %d", woken)
			}
			want := []callback.Wakeup{{Lane: w.Lane(modelstest.ProjectHost), Epoch: interval, At: w.Clock.Now()}}
			if diff := cmp.Diff(want, w.Queue.Take()); diff != "" {
				t.Error(diff)
			}
		}
		w.Clock.Advance(time.Microsecond)
	}
	if c = w.ReadCallback(c.ID); c.AttemptCount != 0 {
		t.Errorf("waking changed the callback: %+v", c)
	}
}

func TestSweepWakesEachHostOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	w.MoreCallbacks(c, "busy.example:443", 6)
	w.MoreCallbacks(c, "quiet.example:80", 1)
	w.MoreCallbacks(c, "", 2)
	w.Clock.Advance(time.Minute)
	late := *c
	late.NextAttemptAt = new(w.Clock.Now().Add(time.Second))
	w.MoreCallbacks(&late, "later.example:443", 1)
	if _, woken := w.MustSweep(); woken != 4 {
		t.Errorf("woke %d", woken)
	}
	var want []callback.Wakeup
	for _, host := range []string{"", "busy.example:443", modelstest.ProjectHost, "quiet.example:80"} {
		want = append(
			want, callback.Wakeup{Lane: w.Lane(host), Epoch: modelstest.SweepEpoch(w.Clock.Now()), At: w.Clock.Now()},
		)
	}
	got := w.Queue.Take()
	slices.SortFunc(got, func(a, b callback.Wakeup) int { return strings.Compare(a.Lane.Host, b.Lane.Host) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSweepCostsTheSameForOneCallbackAndForMany(t *testing.T) {
	t.Parallel()
	var statements atomic.Int32
	w := modelstest.NewWorld(t, store.WithStatementLog(func(context.Context, string, time.Duration) { statements.Add(1) }))
	c := w.NewCallback()
	w.MoreCallbacks(c, modelstest.ProjectHost, 2)
	w.Clock.Advance(time.Minute)
	cost := func() int32 {
		before := statements.Load()
		w.MustSweep()
		return statements.Load() - before
	}
	few := cost()
	w.MoreCallbacks(c, modelstest.ProjectHost, 297)
	if many := cost(); few == 0 || many != few {
		t.Errorf("%d statements for 3 callbacks, %d for 300", few, many)
	}
	w.MoreCallbacks(c, "another.example:443", 1)
	if two := cost(); two != few {
		t.Errorf("%d statements for one host, %d for two", few, two)
	}
}

func TestFarRetryIsLeftOutOfTheQueueAndWokenWhenDue(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	c = w.Deliver(c.ID, modelstest.Refused())
	if got := w.Queue.Take(); len(got) != 2 || !got[0].At.Equal(*c.NextAttemptAt) { // with the notice
		t.Fatalf("the near retry was enqueued as %v", got)
	}
	c = w.Deliver(c.ID, modelstest.Refused()) // the next attempt is five minutes away
	if got := w.Queue.Take(); len(got) != 0 {
		t.Fatalf("the far retry was enqueued: %v", got)
	}
	noticeDue := w.ReadCallback(w.Notices()[0].ID)
	w.Deliver(noticeDue.ID, modelstest.Answered(200)) // out of the way of the sweep
	w.Clock.Advance(c.NextAttemptAt.Sub(w.Clock.Now()) + modelstest.WakeGrace - time.Microsecond)
	if _, woken := w.MustSweep(); woken != 0 {
		t.Fatal("woken before it has been due for a second")
	}
	w.Clock.Advance(time.Microsecond)
	if _, woken := w.MustSweep(); woken != 1 {
		t.Fatal("not woken when due: nobody else would")
	}
	want := []callback.Wakeup{
		{Lane: w.Lane(modelstest.ProjectHost), Epoch: modelstest.SweepEpoch(w.Clock.Now()), At: w.Clock.Now()},
	}
	if diff := cmp.Diff(want, w.Queue.Take()); diff != "" {
		t.Error(diff)
	}
	w.MustClaim(c.ID)
}

func TestQueueHoldsTheNextMinuteOnly(t *testing.T) {
	t.Parallel()
	for delay, enqueued := range map[time.Duration]bool{time.Minute: true, time.Minute + time.Second: false} {
		t.Run(delay.String(), func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			w.Rules.Schedule = callback.Schedule{delay}
			w.Configure()
			c := w.Deliver(w.NewCallback().ID, modelstest.Refused())
			got := false
			for _, wakeup := range w.Queue.Take() {
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
	w := modelstest.NewWorld(t)
	_, c, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(5))
	modelstest.NoError(t, err)
	want := []callback.Wakeup{
		{
			Lane: w.Lane(modelstest.ProjectHost), At: modelstest.Start, CallbackID: c.ID, Event: callback.CrawlFinishedEvent,
			First: true,
		},
	}
	if diff := cmp.Diff(want, w.Queue.Take()); diff != "" {
		t.Error(diff)
	}
	w.Deliver(c.ID, modelstest.Refused())
	want = []callback.Wakeup{
		{
			Lane: w.Lane(modelstest.ProjectHost), At: modelstest.Start.Add(modelstest.TwoRetries[0]), CallbackID: c.ID,
			Event: callback.CrawlFinishedEvent,
		},
		{
			Lane: w.Lane(modelstest.WebhookHost), At: modelstest.Start, CallbackID: w.Notices()[0].ID,
			Event: callback.CallbackFailedEvent, First: true,
		},
	}
	if diff := cmp.Diff(want, w.Queue.Take()); diff != "" {
		t.Error(diff)
	}
}

func TestQueueThatFailsIsNotTheCallersProblem(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.Queue.Fail()
	_, c, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(5))
	modelstest.NoError(t, err)
	d := w.MustClaim(c.ID)
	modelstest.NoError(t, w.Settle(t.Context(), w.Decide(d, modelstest.Answered(410))))
	_, err = w.Replay(t.Context(), w.Admin, c.ID)
	modelstest.NoError(t, err)
	w.Clock.Advance(time.Minute)
	w.SweptByOthers()
	if _, _, err := w.Sweep(t.Context()); err != nil {
		t.Errorf("the sweep: %v", err)
	}
}

func TestQueueIsWaitedForFor50Milliseconds(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	_, _, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(5))
	modelstest.NoError(t, err)
	if patience := w.Queue.Patience(); patience <= 0 || patience > 50*time.Millisecond {
		t.Errorf("the queue has %s", patience)
	}
}

func TestSweepsAtTheSameTimeGiveTheSameNames(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	w.MoreCallbacks(c, modelstest.ProjectHost, 5)
	w.MoreCallbacks(c, "another.example:443", 1)
	w.Clock.Advance(time.Minute)
	const sweeps = 4
	w.SweptByOthers()
	modelstest.AtOnce(sweeps, func(int) {
		if _, _, err := w.Sweep(t.Context()); err != nil {
			t.Error(err)
		}
	})
	names := map[string]int{}
	for _, wakeup := range w.Queue.Take() {
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
	w := modelstest.NewWorld(t)
	for range 6 {
		w.MustClaim(w.NewCallback().ID)
	}
	w.Clock.Advance(callback.LeaseTime)
	var mu sync.Mutex
	total := 0
	w.SweptByOthers()
	modelstest.AtOnce(4, func(int) {
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
	w := modelstest.NewWorld(t)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(200))
	w.Clock.Advance(1000 * time.Hour)
	if interrupted, woken := w.MustSweep(); interrupted != 0 || woken != 0 {
		t.Errorf("interrupted %d, woke %d", interrupted, woken)
	}
}

func TestCountOfDueCallbacksStartsAtTheGivenAge(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	w.MoreCallbacks(c, "another.example:443", 2)
	w.Clock.Advance(time.Minute)
	for since, want := range map[time.Duration]int{
		0: 3, 59 * time.Second: 3, time.Minute: 1, time.Minute + time.Microsecond: 0,
	} {
		got, err := w.CountDue(t.Context(), callback.LeasedCallbacks, since)
		modelstest.NoError(t, err)
		if got != want {
			t.Errorf("due for %s: %d, want %d", since, got, want)
		}
	}
}
