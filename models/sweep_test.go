package models_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
)

func TestSweepInterruptsACallbackWhoseLeaseRanOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	w.claim(c.ID)
	lease := w.rules.Timeout + models.LeaseMargin
	w.clock.advance(lease - time.Microsecond)
	if interrupted, woken := w.sweep(); interrupted != 0 || woken != 0 {
		t.Fatalf("before the lease ends: interrupted %d, woke %d", interrupted, woken)
	}
	w.clock.advance(time.Microsecond)
	if interrupted, woken := w.sweep(); interrupted != 1 || woken != 1 {
		t.Fatalf("when the lease has ended: interrupted %d, woke %d", interrupted, woken)
	}
	c = w.callback(c.ID)
	wantStatus(t, c, models.StatusPending)
	if c.FailureCount != 0 || len(w.notices()) != 0 {
		t.Errorf("a worker that went away counts as the receiver's failure: %+v", c)
	}
	a := w.attempts(c.ID)[0]
	if a.Error == nil || a.Error.Code != models.Interrupted || a.Duration != lease || !a.FinishedAt.Equal(w.clock.now()) {
		t.Errorf("the attempt is %+v", a)
	}
	want := []models.Wakeup{{CallbackID: c.ID, Attempt: 2, Epoch: 1, At: w.clock.now()}}
	if diff := cmp.Diff(want, w.queue.take()); diff != "" {
		t.Error(diff)
	}
}

func TestSweepWakesWhatNobodyDealtWithAndNotAgainWithinTenSeconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised() // its wake-up is lost
	const grace = 10 * time.Second
	w.clock.advance(grace - time.Microsecond)
	if _, woken := w.sweep(); woken != 0 {
		t.Fatal("woken while the queue still has time")
	}
	w.clock.advance(time.Microsecond)
	for epoch := 1; epoch <= 3; epoch++ {
		if _, woken := w.sweep(); woken != 1 {
			t.Fatalf("round %d: woke %d", epoch, woken)
		}
		// Another name each time: a task that is stuck under the old one must not stand in the way.
		want := []models.Wakeup{{CallbackID: c.ID, Attempt: 1, Epoch: epoch, At: start}}
		if diff := cmp.Diff(want, w.queue.take()); diff != "" {
			t.Error(diff)
		}
		w.clock.advance(grace - time.Microsecond)
		if _, woken := w.sweep(); woken != 0 {
			t.Fatalf("round %d: woken twice within ten seconds", epoch)
		}
		w.clock.advance(time.Microsecond)
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
	w.clock.advance(c.NextAttemptAt.Sub(w.clock.now()) - time.Microsecond)
	if _, woken := w.sweep(); woken != 0 {
		t.Fatal("woken before it is due")
	}
	w.clock.advance(time.Microsecond)
	if _, woken := w.sweep(); woken != 1 {
		t.Fatal("not woken when due: nobody else would")
	}
	want := []models.Wakeup{{CallbackID: c.ID, Attempt: 3, Epoch: 1, At: *c.NextAttemptAt}}
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

func TestQueueThatFailsIsNotTheCallersProblem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue.fail()
	_, c, err := w.FinishCrawl(t.Context(), w.platform, w.ended(5))
	noError(t, err)
	d := w.claim(c.ID)
	noError(t, w.Record(t.Context(), d, answered(410)))
	_, err = w.ReplayCallback(t.Context(), w.admin, c.ID)
	noError(t, err)
	w.clock.advance(time.Minute)
	if _, _, err := w.Sweep(t.Context()); err != nil {
		t.Errorf("the sweep: %v", err)
	}
}

func TestSweepsAtTheSameTimeWakeEachCallbackOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const callbacks = 6
	for range callbacks {
		w.raised()
	}
	w.clock.advance(time.Minute)
	var total atomic.Int32
	atOnce(4, func(int) {
		_, woken, err := w.Sweep(t.Context())
		if err != nil {
			t.Error(err)
		}
		total.Add(int32(woken))
	})
	if got := total.Load(); got != callbacks {
		t.Errorf("woken %d times, want %d", got, callbacks)
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
