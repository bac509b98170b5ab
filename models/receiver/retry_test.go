package receiver_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func retry(w *modelstest.World, c *callback.Callback) error {
	_, err := w.RetryCallback(w.T.Context(), w.Editor, callback.Which{ID: c.ID})
	return err
}

func TestWhatWaitsIsAttemptedAtOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	w.Queue.Take()
	w.Clock.Advance(time.Second)
	due, err := w.RetryCallback(t.Context(), w.KeyActor(w.Shop), callback.Which{UID: c.UID.String()})
	modelstest.NoError(t, err)
	if wakeups := w.Queue.Take(); len(wakeups) != 1 || wakeups[0].Lane != c.Lane || wakeups[0].First {
		t.Errorf("%+v", wakeups)
	}
	read := w.ReadCallback(c.ID)
	if !due.NextAttemptAt.Equal(w.Clock.Now()) || !read.NextAttemptAt.Equal(w.Clock.Now()) {
		t.Errorf("due %s, and %s", due.NextAttemptAt, read.NextAttemptAt)
	}
	w.Clock.Advance(time.Second)
	modelstest.NoError(t, retry(w, c))
	if again := w.ReadCallback(c.ID); !again.NextAttemptAt.Equal(*read.NextAttemptAt) {
		t.Errorf("it has lost its place: %s", again.NextAttemptAt)
	}
	// The attempt is the second of the schedule's three.
	w.MustSettle(w.MustClaim(c.ID), modelstest.Answered(500))
	if c = w.ReadCallback(c.ID); c.FailureCount != 2 || !c.NextAttemptAt.Equal(w.Clock.Now().Add(5*time.Minute)) {
		t.Errorf("%d failures, due %s", c.FailureCount, c.NextAttemptAt)
	}
	modelstest.NoError(t, retry(w, c))
	w.MustSettle(w.MustClaim(c.ID), modelstest.Answered(500))
	modelstest.WantStatus(t, w.ReadCallback(c.ID), callback.StatusFailed)
}

func TestWhatCannotBeAttemptedNowSaysWhy(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	refused := func(name string, c *callback.Callback) {
		t.Helper()
		before := w.ReadCallback(c.ID)
		err := retry(w, c)
		t.Log(name, err)
		modelstest.WantError(t, err, models.CodeConflict, "callbackId")
		if after := w.ReadCallback(c.ID); after.Status != before.Status || after.Held != before.Held ||
			after.Paused != before.Paused || after.AttemptCount != before.AttemptCount {
			t.Errorf("%s: %+v", name, after)
		}
	}
	d := w.MustClaim(w.NewCallback().ID)
	refused("running", d.Callback)
	w.MustSettle(d, modelstest.Answered(200))
	refused("ended", d.Callback)
	test := w.Deliver(w.NewTest().ID, modelstest.Answered(200))
	refused("a test that has ended", test)
	if err := retry(w, test); !strings.Contains(err.Error(), "sendTestCallback") { // nor is it replayed
		t.Error(err)
	}
	refused("behind another", w.NewLine(2)[1])
	c := w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	owner := tenant.CallbackOwner{ProjectID: w.Shop.ID}
	_, err := w.PauseCallbacks(t.Context(), w.Editor, owner)
	modelstest.NoError(t, err)
	refused("paused", c)
	w.Clock.Advance(time.Hour)
	w.ClaimLane(c.Lane, 1)
	_, err = w.ResumeCallbacks(t.Context(), w.Editor, owner)
	modelstest.NoError(t, err)
	modelstest.NoError(t, retry(w, c)) // before a sweep has come by
	w.MustSettle(w.MustClaim(c.ID), modelstest.Answered(500))
	w.SetURL(nil)
	refused("no URL", c)
	_, err = w.RetryCallback(t.Context(), w.Editor, callback.Which{UID: "?"})
	modelstest.WantError(t, err, models.CodeBadUserInput, "uid")
}

func TestNoticesAreRetriedByThePlatformOnly(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	notice := w.Deliver(w.Notices()[0].ID, modelstest.Answered(500))
	modelstest.WantError(t, retry(w, notice), models.CodeForbidden, "")
	_, err := w.RetryCallback(t.Context(), w.Platform, callback.Which{ID: notice.ID})
	modelstest.NoError(t, err)
	w.MustSettle(w.MustClaim(notice.ID), modelstest.Answered(200))
}

func TestTenRetriesAMinuteToATarget(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	failed := make([]*callback.Callback, 11)
	for i := range failed {
		failed[i] = w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	}
	for _, c := range failed[:10] {
		modelstest.NoError(t, retry(w, c))
	}
	err := retry(w, failed[10])
	modelstest.WantError(t, err, models.CodeRateLimited, "")
	var limited *models.Error
	if !errors.As(err, &limited) || !limited.RetryAt.Equal(w.Clock.Now().Add(time.Minute)) {
		t.Errorf("%v", err)
	}
	if c := w.ReadCallback(failed[10].ID); !c.NextAttemptAt.After(w.Clock.Now()) {
		t.Error("it is due all the same")
	}
	modelstest.NoError(t, retry(w, w.NewLine(1)[0])) // another target
	w.Clock.Advance(time.Minute)
	modelstest.NoError(t, retry(w, failed[10]))
}

// TestAClaimAndARetryAtOnce: what is taken meanwhile is sent once.
func TestAClaimAndARetryAtOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for range 5 {
		c := w.NewCallback()
		var err error
		modelstest.AtOnce(2, func(i int) {
			if i == 0 {
				err = retry(w, c)
			} else {
				w.ClaimLane(c.Lane, 1)
			}
		})
		if err != nil && models.ErrorCode(err) != models.CodeConflict {
			t.Error(err)
		}
		if w.ReadCallback(c.ID).Status == callback.StatusPending { // a claim on Postgres passes by what is being written
			w.MustClaim(c.ID)
		}
		if d := w.ReadCallback(c.ID); d.Status != callback.StatusRunning || len(w.Attempts(c.ID)) != 1 {
			t.Errorf("%s, %v", d.Status, err)
		}
	}
}

// TestAPartnerLeavesACustomersLastAttempt to its time, and to the customer.
func TestAPartnerLeavesACustomersLastAttempt(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	partner := w.PartnerActor(w.Partner)
	by := func(actor *models.Actor, c *callback.Callback) error {
		_, err := w.RetryCallback(t.Context(), actor, callback.Which{ID: c.ID})
		return err
	}
	c := w.NewCallback()
	modelstest.NoError(t, by(partner, c))
	w.Deliver(c.ID, modelstest.Answered(500))
	modelstest.NoError(t, by(partner, c))
	w.Deliver(c.ID, modelstest.Answered(500)) // the second of three
	modelstest.WantError(t, by(partner, c), models.CodeConflict, "callbackId")
	many := callback.ToAttempt{Owner: callback.BulkOwner{ProjectID: w.Shop.ID}, Filter: callback.Filter{UID: &c.UID}}
	if done := retryMany(w, partner, many); done.Count != 0 {
		t.Errorf("one of many: %+v", done)
	}
	if read := w.ReadCallback(c.ID); !read.NextAttemptAt.After(w.Clock.Now()) {
		t.Error("it is due all the same")
	}
	if done := retryMany(w, w.Editor, many); done.Count != 1 {
		t.Errorf("the customer's: %+v", done)
	}
	modelstest.NoError(t, by(w.Editor, c))
	w.MustSettle(w.MustClaim(c.ID), modelstest.Answered(500))
	notice := w.Notices()[0] // the partner's own
	for range 2 {
		w.Deliver(notice.ID, modelstest.Answered(500))
		modelstest.NoError(t, by(partner, notice))
		w.Clock.Advance(time.Second)
	}
}

// TestAPartnersRetriesCostNoneOfACustomers, and the other way round.
func TestAPartnersRetriesCostNoneOfACustomers(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	partner := w.PartnerActor(w.Partner)
	failed := make([]*callback.Callback, 11)
	for i := range failed {
		failed[i] = w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	}
	for _, actor := range []*models.Actor{partner, w.Editor} {
		for i, c := range failed {
			_, err := w.RetryCallback(t.Context(), actor, callback.Which{ID: c.ID})
			if i < 10 {
				modelstest.NoError(t, err)
			} else {
				modelstest.WantError(t, err, models.CodeRateLimited, "")
			}
		}
	}
	all := callback.ToAttempt{Owner: callback.BulkOwner{ProjectID: w.Shop.ID}}
	for _, actor := range []*models.Actor{partner, w.Editor} {
		putOff(w)
		done, err := w.RetryCallbacks(t.Context(), actor, all)
		modelstest.NoError(t, err)
		if done.Count == 0 {
			t.Errorf("%+v", done)
		}
		_, err = w.RetryCallbacks(t.Context(), actor, all)
		modelstest.WantError(t, err, models.CodeRateLimited, "")
	}
}
