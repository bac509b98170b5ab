package receiver_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
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
	for name, actor := range map[string]*models.Actor{"platform": w.Platform, "partner": w.PartnerActor(w.Partner)} {
		for _, owner := range []callback.BulkOwner{account, {SSOClientID: w.Partner.ID}} {
			if done := retryMany(w, actor, callback.ToAttempt{Owner: owner, Filter: ref}); done.Count != 1 {
				t.Errorf("%s, %+v: %+v", name, owner, done)
			}
			putOff(w)
		}
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
	for range 2 { // where nothing waits, nobody gets a request
		_, err := w.RetryCallbacks(t.Context(), w.Editor, shop)
		modelstest.NoError(t, err)
	}
	w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	for range 2 {
		putOff(w)
		if done := retryMany(w, w.Editor, shop); done.Count != 1 {
			t.Errorf("%+v", done)
		}
		refused(shop, models.CodeRateLimited, "")
		w.Clock.Advance(59 * time.Second)
		refused(shop, models.CodeRateLimited, "")
	}
}

// failing makes due what some calls ask for, and fails then.
type failing struct {
	callback.AttemptStore
	until atomic.Int64
}

func (f *failing) DueNowOf(ctx context.Context, ids []int64, which callback.Hurried, now time.Time) ([]string, error) {
	if f.until.Add(-1) < 0 {
		return nil, errDown
	}
	return f.AttemptStore.DueNowOf(ctx, ids, which, now)
}

var errDown = errors.New("the database is down")

func TestRetriesOfManyThatAreBrokenOffSayHowFarTheyCame(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.MoreCallbacks(w.Deliver(w.NewCallback().ID, modelstest.Answered(500)), modelstest.ProjectHost, 2500)
	putOff(w)
	down := &failing{}
	receivers := w.ReceiversOn(func(db *callback.Ports) { down.AttemptStore, db.AttemptStore = db.AttemptStore, down })
	in := callback.ToAttempt{Owner: callback.BulkOwner{ProjectID: w.Shop.ID}}
	if _, err := receivers.RetryCallbacks(t.Context(), w.Editor, in); !errors.Is(err, errDown) {
		t.Errorf("the first part: %v", err)
	}
	for range 2 { // at once, though the one before has failed
		down.until.Store(2)
		done, err := receivers.RetryCallbacks(t.Context(), w.Editor, in)
		if err != nil || done.Count != 1999 || // there is a notice among them
			done.SearchedUntil == nil {
			t.Fatalf("the third part: %+v, %v", done, err)
		}
		_, err = receivers.RetryCallbacks(t.Context(), w.Editor, in)
		modelstest.WantError(t, err, models.CodeRateLimited, "")
		w.Clock.Advance(time.Minute)
		putOff(w)
	}
}
