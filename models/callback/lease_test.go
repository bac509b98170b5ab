package callback_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

func TestRenewedLeaseIsNotInterrupted(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	kept, lost := w.NewCallback(), w.NewCallback()
	w.MustClaim(kept.ID)
	w.MustClaim(lost.ID)
	for range 5 { // a request can take longer than a lease
		w.Clock.Advance(callback.LeaseRenewal)
		w.MustRenew(callback.Lease{ID: kept.ID, Attempt: 1})
	}
	if interrupted, _ := w.MustSweep(); interrupted != 1 {
		t.Errorf("interrupted %d", interrupted)
	}
	modelstest.WantStatus(t, w.ReadCallback(lost.ID), callback.StatusPending)
	c := w.ReadCallback(kept.ID)
	modelstest.WantStatus(t, c, callback.StatusRunning)
	if want := w.Clock.Now().Add(callback.LeaseTime); !c.LeaseUntil.Equal(want) {
		t.Errorf("the lease ends at %s, want %s", c.LeaseUntil, want)
	}
	w.Clock.Advance(callback.LeaseTime)
	if interrupted, _ := w.MustSweep(); interrupted != 1 {
		t.Error("not interrupted when it is renewed no more")
	}
}

func TestRenewalTakesNoCallbackThatIsNotRunning(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	pending, ended := w.NewCallback(), w.NewCallback()
	w.Deliver(pending.ID, modelstest.Refused())
	w.Deliver(ended.ID, modelstest.Answered(200))
	if renewed := w.MustRenew(
		callback.Lease{ID: pending.ID, Attempt: 1}, callback.Lease{ID: ended.ID, Attempt: 1}, callback.Lease{ID: 999},
	); len(renewed) != 0 {
		t.Errorf("renewed %v", renewed)
	}
	for _, id := range []int64{pending.ID, ended.ID} {
		modelstest.WantFitting(t, w.ReadCallback(id))
	}
}

func TestRenewalIsFencedByTheAttemptCount(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	late := w.LateDelivery(c)
	second := w.MustClaim(c.ID)
	before := w.ReadCallback(c.ID)
	w.Clock.Advance(callback.LeaseRenewal)
	if renewed := w.MustRenew(late.Lease()); len(renewed) != 0 {
		t.Errorf("a worker that has lost a callback renewed %v", renewed)
	}
	if diff := cmp.Diff(before, w.ReadCallback(c.ID)); diff != "" {
		t.Errorf("it changed the lease of another: %s", diff)
	}
	if renewed := w.MustRenew(late.Lease(), second.Lease()); !slices.Equal(renewed, []callback.Lease{second.Lease()}) {
		t.Errorf("renewed %v", renewed)
	}
}

func TestLateSuccessBeforeTheNextClaimSettles(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	w.MustSettle(w.LateDelivery(c), modelstest.Answered(200))
	c = w.ReadCallback(c.ID)
	modelstest.WantStatus(t, c, callback.StatusSuccess)
	modelstest.WantFitting(t, c)
	if a := w.Attempts(c.ID)[0]; a.Error != nil || *a.HTTPStatus != 200 {
		t.Errorf("the attempt is still %+v", a)
	}
	if w.MayClaim(c.ID) {
		t.Error("sent again after it has arrived")
	}
}

func TestLateFailureBeforeTheNextClaimCountsAndIsTriedAgainByTheSchedule(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	w.MustSettle(w.LateDelivery(c), modelstest.Answered(500))
	c = w.ReadCallback(c.ID)
	modelstest.WantStatus(t, c, callback.StatusPending)
	if c.FailureCount != 1 || c.NextAttemptAt.Sub(w.Clock.Now()) != modelstest.TwoRetries[0] || len(w.Notices()) != 1 {
		t.Errorf("got %+v with %d notices", c, len(w.Notices()))
	}
	if got := w.Queue.Take(); len(got) != 2 || got[0].CallbackID != c.ID || !got[0].At.Equal(*c.NextAttemptAt) {
		t.Errorf("woken: %v", got)
	}
}

func TestLateInterruptBeforeTheNextClaimLeavesItDue(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	modelstest.NoError(t, w.Settle(t.Context(), w.GiveBack(w.LateDelivery(c))))
	if c = w.ReadCallback(c.ID); c.Status != callback.StatusPending || c.FailureCount != 0 ||
		!c.NextAttemptAt.Equal(w.Clock.Now()) {
		t.Errorf("got %+v", c)
	}
}

func TestLateRecordAfterAnotherClaimTouchesItsAttemptOnly(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]callback.Outcome{
		"a late success": modelstest.Answered(200), "a late failure": modelstest.Answered(500),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			c := w.NewCallback()
			late := w.LateDelivery(c)
			second := w.MustClaim(c.ID)
			w.Queue.Take()
			w.MustSettle(late, o)

			c = w.ReadCallback(c.ID)
			modelstest.WantStatus(t, c, callback.StatusRunning)
			if c.AttemptCount != 2 || c.FailureCount != 0 || len(w.Notices()) != 0 || len(w.Queue.Take()) != 0 {
				t.Errorf("the late worker changed the callback: %+v", c)
			}
			if a := w.Attempts(c.ID)[0]; *a.HTTPStatus != *o.HTTPStatus {
				t.Errorf("what the late worker learned is lost: %+v", a)
			}
			w.MustSettle(second, modelstest.Answered(200))
			modelstest.WantStatus(t, w.ReadCallback(c.ID), callback.StatusSuccess)
		})
	}
}

func TestAttemptThatWasGivenUpIsFencedByItsNumberForEver(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	late := w.LateDelivery(c)
	w.Deliver(c.ID, modelstest.Answered(500)) // the second attempt waits for the third
	w.Clock.Advance(time.Second)
	before := w.ReadCallback(c.ID)
	w.MustSettle(late, modelstest.Answered(200))
	if after := w.ReadCallback(c.ID); after.Status != callback.StatusPending ||
		!after.NextAttemptAt.Equal(*before.NextAttemptAt) {
		t.Errorf("the late worker changed the callback: %+v", after)
	}
}

func TestRecordWhoseCommitWasNotHeardOfCanBeMadeAgain(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]callback.Outcome{
		"arrived": modelstest.Answered(200), "tried again": modelstest.Answered(500), "given up": modelstest.Answered(410),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			c := w.NewCallback()
			d := w.MustClaim(c.ID)
			again := *d
			w.MustSettle(d, o)
			before, notices := w.ReadCallback(c.ID), len(w.Notices())
			w.MustSettle(&again, o)
			if diff := cmp.Diff(before, w.ReadCallback(c.ID)); diff != "" || len(w.Notices()) != notices {
				t.Errorf("%d notices, then %d; %s", notices, len(w.Notices()), diff)
			}
		})
	}
}
