package live_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/live"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

func TestEveryChangeIsTold(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	f := follow(w, login(w, w.Viewer), toShop(w))

	c := w.NewCallback()
	f.untilStatus(c.ID, callback.StatusPending)
	d := w.MustClaim(c.ID)
	f.untilStatus(c.ID, callback.StatusRunning)
	w.MustSettle(d, modelstest.Answered(500))
	f.until(c.ID, "failed", func(c *callback.Callback) bool {
		return c.Status == callback.StatusPending && c.HTTPStatus != nil && *c.HTTPStatus == 500 && c.NextAttemptAt != nil
	})
	_, err := w.RetryCallback(t.Context(), w.Editor, callback.Which{ID: c.ID})
	modelstest.NoError(t, err)
	f.until(c.ID, "due now", func(c *callback.Callback) bool { return w.Due(c) })

	_, err = w.PauseCallbacks(t.Context(), w.Editor, tenant.CallbackOwner{ProjectID: w.Shop.ID})
	modelstest.NoError(t, err)
	w.ClaimLane(c.Lane, 10)
	f.until(c.ID, "paused", func(c *callback.Callback) bool { return c.Paused })
	_, err = w.ResumeCallbacks(t.Context(), w.Editor, tenant.CallbackOwner{ProjectID: w.Shop.ID})
	modelstest.NoError(t, err)
	w.MustSweep()
	f.until(c.ID, "resumed", func(c *callback.Callback) bool { return !c.Paused })

	w.LateDelivery(c)
	f.until(c.ID, "interrupted", func(c *callback.Callback) bool { return c.InterruptionCount == 1 })
	_, err = w.Cancel(t.Context(), w.Editor, callback.Which{ID: c.ID})
	modelstest.NoError(t, err)
	f.untilStatus(c.ID, callback.StatusFailed)
	replayed, err := w.Replay(t.Context(), w.Editor, c.ID)
	modelstest.NoError(t, err)
	f.untilStatus(replayed.ID, callback.StatusPending)
	w.Deliver(replayed.ID, modelstest.Answered(200))
	f.untilStatus(replayed.ID, callback.StatusSuccess)
}

func TestNobodyIsToldOfWhatIsOthers(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	elsewhere := w.NewProject(w.Acme, new(modelstest.ProjectURL))
	foreign := w.NewProject(w.Other, new(modelstest.ProjectURL))
	viewer := login(w, w.Viewer)
	all := map[string]*follower{
		"of the project": follow(w, viewer, toShop(w)), "the project's key": follow(w, keyOf(w, w.Shop), toAcme(w)),
	}
	account := follow(w, viewer, toAcme(w))
	others := follow(w, login(w, w.Outsider), live.ToWatch{Owner: tenant.CallbackOwner{AccountID: w.Other.ID}})
	theirs := w.NewCallbackOf(foreign, 7001)
	if told := others.want(live.Changed); told.Callback.ID != theirs.ID {
		t.Errorf("the other account is told of %+v", told.Callback)
	}
	near := w.NewCallbackOf(elsewhere, 7002)
	if told := account.want(live.Changed); told.Callback.ID != near.ID {
		t.Errorf("the account is told of %+v", told.Callback)
	}
	mine := w.NewCallback()
	for who, f := range all {
		if told := f.want(live.Changed); told.Callback.ID != mine.ID {
			t.Errorf("%s is told of %+v", who, told.Callback)
		}
	}
	for _, in := range []live.ToWatch{toShop(w), toAcme(w)} {
		_, err := w.All.Live.Subscribe(t.Context(), login(w, w.Outsider), in)
		if models.ErrorCode(err) != models.CodeNotFound {
			t.Errorf("an outsider: %v", err)
		}
	}
	_, err := w.All.Live.Subscribe(t.Context(), keyOf(w, elsewhere), toShop(w))
	modelstest.WantError(t, err, models.CodeNotFound, "")
}

// TestANoticeIsToldAsTheHistoryShowsIt: where it goes is the platform's.
func TestANoticeIsToldAsTheHistoryShowsIt(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	member := follow(w, login(w, w.Admin), toShop(w))
	key := tenant.NewPlatformKey()
	w.AccessRules.PlatformKeyHash = key.Hash()
	w.Configure()
	platform := follow(w, live.Caller{Actor: w.Platform, Credentials: tenant.Credentials{APIKey: key}}, toShop(w))
	w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	notice := w.Notices()[0]
	w.Deliver(notice.ID, modelstest.Refused())
	for actor, f := range map[*models.Actor]*follower{w.Admin: member, w.Platform: platform} {
		told := f.until(notice.ID, "failed", func(c *callback.Callback) bool { return c.Error != nil })
		shown, err := w.Callback(t.Context(), actor.Scope(models.RoleViewer), notice.ID)
		modelstest.NoError(t, err)
		if diff := cmp.Diff(shown, told.Callback, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("platform: %t (-history +told):\n%s", actor.Platform, diff)
		}
	}
}

func TestAFilterIsAskedOfTheCallbackAsItIs(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	in := toShop(w)
	in.Filter = callback.Filter{Status: []callback.Status{callback.StatusSuccess}}
	f := follow(w, login(w, w.Viewer), in)
	w.Deliver(w.NewCallback().ID, modelstest.Answered(500))
	arrives := w.NewCallback()
	w.Deliver(arrives.ID, modelstest.Answered(200))
	if told := f.want(live.Changed); told.Callback.ID != arrives.ID || told.Callback.Status != callback.StatusSuccess {
		t.Errorf("told of %+v", told.Callback)
	}
	in.Filter, in.After = callback.Filter{}, new("1.2.3")
	_, err := w.All.Live.Subscribe(t.Context(), login(w, w.Viewer), in)
	modelstest.WantError(t, err, models.CodeBadUserInput, "after")
	in.Filter = callback.Filter{Search: new("not an id")}
	_, err = w.All.Live.Subscribe(t.Context(), login(w, w.Viewer), in)
	modelstest.WantError(t, err, models.CodeBadUserInput, "filter.search")
}

func TestASearchIsOfWhatAPersonPastes(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	w.Deliver(c.ID, modelstest.Answered(500))
	first := w.Attempts(c.ID)[0]
	for name, filter := range map[string]callback.Filter{
		"its uid": {Search: new(" " + c.UID.String())}, "its id": {Search: new(c.ObjectID().String())},
		"an attempt": {Search: new(first.UID.String())},
		"its crawl":  {Search: new(c.Source.Of.String())},
	} {
		in := toShop(w)
		in.Filter = filter
		f := follow(w, login(w, w.Viewer), in)
		in.Filter = callback.Filter{RunUID: &c.UID} // of no run, and so of nothing
		nothing := follow(w, login(w, w.Viewer), in)
		w.NewCallback()
		w.SQL("UPDATE callbacks SET attempt_count = attempt_count + 1 WHERE id = " + c.RawID())
		w.Queue.Changed()
		if told := f.want(live.Changed); told.Callback.ID != c.ID {
			t.Errorf("%s: told of %+v", name, told.Callback)
		}
		if len(nothing.Changes()) > 0 {
			t.Errorf("%s: told of what is of another run", name)
		}
		f.Close()
		nothing.Close()
	}
}

// TestReadyIsSaidWhenWhoWritesAlreadyHasEnded: its change is not written down, as nobody watched when it was made.
func TestReadyIsSaidWhenWhoWritesAlreadyHasEnded(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite has one writer at a time: needs TEST_DATABASE_URL")
	}
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	pools, err := w.Store.Pools()
	modelstest.NoError(t, err)
	tx, err := pools["write"].BeginTx(t.Context(), nil)
	modelstest.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "UPDATE callbacks SET attempt_count = 7 WHERE id = $1", c.ID)
	modelstest.NoError(t, err)
	f := begin(w, login(w, w.Viewer), toShop(w))
	modelstest.Eventually(t, "the project is watched", func() bool {
		var n int
		err := pools["write"].QueryRowContext(t.Context(), "SELECT count(*) FROM callback_watches").Scan(&n)
		return err == nil && n == 1
	})
	w.Queue.Changed()
	if n := len(f.Changes()); n > 0 {
		t.Errorf("told of %d changes", n)
	}
	modelstest.NoError(t, tx.Commit())
	f.want(live.Ready)
	if got := w.ReadCallback(c.ID); got.AttemptCount != 7 {
		t.Errorf("ready before %+v", got)
	}
	f.nothingBefore(t)
}
