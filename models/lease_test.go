package models_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
)

func TestRenewedLeaseIsNotInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kept, lost := w.raised(), w.raised()
	w.claim(kept.ID)
	w.claim(lost.ID)
	for range 5 { // a request can take longer than a lease
		w.clock.advance(models.LeaseRenewal)
		w.renew(models.Lease{ID: kept.ID, Attempt: 1})
	}
	if interrupted, _ := w.sweep(); interrupted != 1 {
		t.Errorf("interrupted %d", interrupted)
	}
	wantStatus(t, w.callback(lost.ID), models.StatusPending)
	c := w.callback(kept.ID)
	wantStatus(t, c, models.StatusRunning)
	if want := w.clock.now().Add(models.LeaseTime); !c.LeaseUntil.Equal(want) {
		t.Errorf("the lease ends at %s, want %s", c.LeaseUntil, want)
	}
	w.clock.advance(models.LeaseTime)
	if interrupted, _ := w.sweep(); interrupted != 1 {
		t.Error("not interrupted when it is renewed no more")
	}
}

func TestRenewalTakesNoCallbackThatIsNotRunning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pending, ended := w.raised(), w.raised()
	w.deliver(pending.ID, refused())
	w.deliver(ended.ID, answered(200))
	if renewed := w.renew(models.Lease{ID: pending.ID, Attempt: 1}, models.Lease{ID: ended.ID, Attempt: 1}, models.Lease{ID: 999}); len(renewed) != 0 {
		t.Errorf("renewed %v", renewed)
	}
	for _, id := range []int64{pending.ID, ended.ID} {
		wantFitting(t, w.callback(id))
	}
}

// renew returns what was renewed.
func (w *world) renew(leases ...models.Lease) []models.Lease {
	w.t.Helper()
	renewed, err := w.Renew(w.t.Context(), leases)
	noError(w.t, err)
	return renewed
}

func TestRenewalIsFencedByTheAttemptCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	late := w.late(c)
	second := w.claim(c.ID)
	before := w.callback(c.ID)
	w.clock.advance(models.LeaseRenewal)
	if renewed := w.renew(late.Lease()); len(renewed) != 0 {
		t.Errorf("a worker that has lost a callback renewed %v", renewed)
	}
	if diff := cmp.Diff(before, w.callback(c.ID)); diff != "" {
		t.Errorf("it changed the lease of another: %s", diff)
	}
	if renewed := w.renew(late.Lease(), second.Lease()); !slices.Equal(renewed, []models.Lease{second.Lease()}) {
		t.Errorf("renewed %v", renewed)
	}
}

// late returns a delivery whose worker came too late: the sweep has taken its callback.
func (w *world) late(c *models.Callback) *models.Delivery {
	w.t.Helper()
	d := w.claim(c.ID)
	w.clock.advance(models.LeaseTime)
	if interrupted, _ := w.sweep(); interrupted != 1 {
		w.t.Fatalf("interrupted %d", interrupted)
	}
	wantStatus(w.t, w.callback(c.ID), models.StatusPending)
	w.queue.take()
	return d
}

func TestLateSuccessBeforeTheNextClaimSettles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	w.record(w.late(c), answered(200))
	c = w.callback(c.ID)
	wantStatus(t, c, models.StatusSuccess)
	wantFitting(t, c)
	if a := w.attempts(c.ID)[0]; a.Error != nil || *a.HTTPStatus != 200 {
		t.Errorf("the attempt is still %+v", a)
	}
	if w.mayClaim(c.ID) {
		t.Error("sent again after it has arrived")
	}
}

func TestLateFailureBeforeTheNextClaimCountsAndIsTriedAgainByTheSchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	w.record(w.late(c), answered(500))
	c = w.callback(c.ID)
	wantStatus(t, c, models.StatusPending)
	if c.FailureCount != 1 || c.NextAttemptAt.Sub(w.clock.now()) != twoRetries[0] || len(w.notices()) != 1 {
		t.Errorf("got %+v with %d notices", c, len(w.notices()))
	}
	if got := w.queue.take(); len(got) != 2 || got[0].CallbackID != c.ID || !got[0].At.Equal(*c.NextAttemptAt) {
		t.Errorf("woken: %v", got)
	}
}

func TestLateInterruptBeforeTheNextClaimLeavesItDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	noError(t, w.Settle(t.Context(), w.GiveBack(w.late(c))))
	if c = w.callback(c.ID); c.Status != models.StatusPending || c.FailureCount != 0 || !c.NextAttemptAt.Equal(w.clock.now()) {
		t.Errorf("got %+v", c)
	}
}

func TestLateRecordAfterAnotherClaimTouchesItsAttemptOnly(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]models.Outcome{"a late success": answered(200), "a late failure": answered(500)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.raised()
			late := w.late(c)
			second := w.claim(c.ID)
			w.queue.take()
			w.record(late, o)

			c = w.callback(c.ID)
			wantStatus(t, c, models.StatusRunning)
			if c.AttemptCount != 2 || c.FailureCount != 0 || len(w.notices()) != 0 || len(w.queue.take()) != 0 {
				t.Errorf("the late worker changed the callback: %+v", c)
			}
			if a := w.attempts(c.ID)[0]; *a.HTTPStatus != *o.HTTPStatus {
				t.Errorf("what the late worker learned is lost: %+v", a)
			}
			w.record(second, answered(200))
			wantStatus(t, w.callback(c.ID), models.StatusSuccess)
		})
	}
}

func TestAttemptThatWasGivenUpIsFencedByItsNumberForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	late := w.late(c)
	w.deliver(c.ID, answered(500)) // the second attempt waits for the third
	w.clock.advance(time.Second)
	before := w.callback(c.ID)
	w.record(late, answered(200))
	if after := w.callback(c.ID); after.Status != models.StatusPending || !after.NextAttemptAt.Equal(*before.NextAttemptAt) {
		t.Errorf("the late worker changed the callback: %+v", after)
	}
}

func TestRecordWhoseCommitWasNotHeardOfCanBeMadeAgain(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]models.Outcome{"arrived": answered(200), "tried again": answered(500), "given up": answered(410)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.raised()
			d := w.claim(c.ID)
			again := *d
			w.record(d, o)
			before, notices := w.callback(c.ID), len(w.notices())
			w.record(&again, o)
			if diff := cmp.Diff(before, w.callback(c.ID)); diff != "" || len(w.notices()) != notices {
				t.Errorf("%d notices, then %d; %s", notices, len(w.notices()), diff)
			}
		})
	}
}
