package receiver_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func retryMany(w *modelstest.World, actor *models.Actor, in callback.ToAttempt) callback.AttemptedNow {
	w.T.Helper()
	w.Clock.Advance(time.Minute)
	done, err := w.RetryCallbacks(w.T.Context(), actor, in)
	modelstest.NoError(w.T, err)
	return done
}

// putOff has all that waits wait for an hour.
func putOff(w *modelstest.World) {
	w.T.Helper()
	w.SQL(fmt.Sprintf("UPDATE callbacks SET next_attempt_at = %d", w.Clock.Now().Add(time.Hour).UnixMicro()))
}

func TestAllThatWaitsIsAttemptedAtOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	shop := callback.BulkOwner{ProjectID: w.Shop.ID}
	waiting := w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	more := w.MoreCallbacks(waiting, modelstest.ProjectHost, 1200) // due in a moment of their own
	putOff(w)
	ended := w.Deliver(w.NewCallback().ID, modelstest.Answered(200))
	line := w.NewLine(2)
	running := w.MustClaim(line[0].ID)
	w.Queue.Take()
	for _, none := range []callback.Filter{{Status: []callback.Status{callback.StatusFailed}}, {UID: &ended.UID}, {UID: &line[1].UID}} {
		if done := retryMany(w, w.Editor, callback.ToAttempt{Owner: shop, Filter: none}); done.Count != 0 {
			t.Errorf("%+v: %+v", none, done)
		}
	}
	if wakeups := w.Queue.Take(); len(wakeups) > 0 {
		t.Errorf("%+v", wakeups)
	}
	done := retryMany(w, w.KeyActor(w.Shop), callback.ToAttempt{Owner: shop})
	if done.Count != 1+len(more) || done.SearchedUntil != nil {
		t.Errorf("%+v", done)
	}
	for _, id := range append(more, waiting.ID) {
		if c := w.ReadCallback(id); !c.NextAttemptAt.Equal(w.Clock.Now()) {
			t.Fatalf("due %s", c.NextAttemptAt)
		}
	}
	if wakeups := w.Queue.Take(); len(wakeups) != 2 || wakeups[0].Lane != waiting.Lane || wakeups[0].First {
		t.Errorf("%+v", wakeups) // one for each part
	}
	if again := retryMany(w, w.Editor, callback.ToAttempt{Owner: callback.BulkOwner{AccountID: w.Acme.ID}}); again.Count != 0 {
		t.Errorf("they have lost their places: %+v", again)
	}
	w.MustSettle(running, modelstest.Answered(200))
}

// TestRetriesOfManyLeaveAPauseAlone, and go on once it has ended.
func TestRetriesOfManyLeaveAPauseAlone(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	account := callback.ToAttempt{Owner: callback.BulkOwner{AccountID: w.Acme.ID}}
	for _, owner := range []tenant.CallbackOwner{{ProjectID: w.Shop.ID}, {AccountID: w.Acme.ID}} {
		_, err := w.PauseCallbacks(t.Context(), w.Editor, owner)
		modelstest.NoError(t, err)
		putOff(w)
		if done := retryMany(w, w.Editor, account); done.Count != 0 {
			t.Errorf("%+v", done)
		}
		_, err = w.ResumeCallbacks(t.Context(), w.Editor, owner)
		modelstest.NoError(t, err)
	}
	if done := retryMany(w, w.Editor, account); done.Count != 1 {
		t.Errorf("%+v", done)
	}
	w.MustSettle(w.MustClaim(c.ID), modelstest.Answered(200))
}

func TestNoticesAreRetriedTogetherByThePartner(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	notice := w.Deliver(w.Notices()[0].ID, modelstest.Answered(500))
	putOff(w)
	account := callback.BulkOwner{AccountID: w.Acme.ID}
	ref := callback.Filter{UID: &notice.UID}
	if done := retryMany(w, w.Admin, callback.ToAttempt{Owner: account, Filter: ref}); done.Count != 0 {
		t.Errorf("an Admin retries the notice: %+v", done)
	}
	for _, owner := range []callback.BulkOwner{account, {SSOClientID: w.Partner.ID}} {
		if done := retryMany(w, w.Platform, callback.ToAttempt{Owner: owner, Filter: ref}); done.Count != 1 {
			t.Errorf("%+v: %+v", owner, done)
		}
		putOff(w)
	}
}

func TestRetriesOfManyAreCheckedAndHaveARate(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	shop := callback.ToAttempt{Owner: callback.BulkOwner{ProjectID: w.Shop.ID}}
	refused := func(in callback.ToAttempt, code models.Code, field string) {
		t.Helper()
		_, err := w.RetryCallbacks(t.Context(), w.Editor, in)
		modelstest.WantError(t, err, code, field)
	}
	empty := shop
	empty.Filter.Event = []callback.EventName{}
	refused(empty, models.CodeBadUserInput, "filter.event")
	retryMany(w, w.Editor, shop)
	refused(shop, models.CodeRateLimited, "")
	w.Clock.Advance(time.Minute)
	retryMany(w, w.Editor, shop)
}
