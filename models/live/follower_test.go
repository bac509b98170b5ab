package live_test

import (
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/live"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

// follower reads a subscription.
type follower struct {
	w *modelstest.World
	*live.Subscription
}

// login makes a caller of a user.
func login(w *modelstest.World, actor *models.Actor) live.Caller {
	w.T.Helper()
	session, err := w.StartSession(w.T.Context(), actor.UserID, nil)
	modelstest.NoError(w.T, err)
	c := tenant.Credentials{SessionToken: session.Token}
	actor, err = w.Authenticate(w.T.Context(), c)
	modelstest.NoError(w.T, err)
	return live.Caller{Actor: actor, Credentials: c}
}

// keyOf makes a caller of a program of a project.
func keyOf(w *modelstest.World, p *tenant.Project) live.Caller {
	w.T.Helper()
	_, text := w.NewProjectKey(p)
	return callerWith(w, tenant.Credentials{APIKey: text})
}

// callerWith is who has these credentials.
func callerWith(w *modelstest.World, c tenant.Credentials) live.Caller {
	w.T.Helper()
	actor, err := w.Authenticate(w.T.Context(), c)
	modelstest.NoError(w.T, err)
	return live.Caller{Actor: actor, Credentials: c}
}

func toShop(w *modelstest.World) live.ToWatch {
	return live.ToWatch{Owner: tenant.CallbackOwner{ProjectID: w.Shop.ID}}
}

func toAcme(w *modelstest.World) live.ToWatch {
	return live.ToWatch{Owner: tenant.CallbackOwner{AccountID: w.Acme.ID}}
}

// follow subscribes, and waits until all is told.
func follow(w *modelstest.World, caller live.Caller, in live.ToWatch) *follower {
	w.T.Helper()
	f := begin(w, caller, in)
	f.want(live.Ready)
	return f
}

func begin(w *modelstest.World, caller live.Caller, in live.ToWatch) *follower {
	w.T.Helper()
	subscription, err := w.All.Live.Subscribe(w.T.Context(), caller, in)
	modelstest.NoError(w.T, err)
	w.T.Cleanup(subscription.Close)
	return &follower{w, subscription}
}

// next returns the next change; nil: there are no more.
func (f *follower) next() *live.Change {
	f.w.T.Helper()
	return modelstest.Receive(f.w.T, "a change", f.Changes())
}

func (f *follower) want(kind live.Kind) *live.Change {
	f.w.T.Helper()
	change := f.next()
	if change == nil || change.Kind != kind {
		f.w.T.Fatalf("told %+v, want %s; ended: %v", change, kind, f.Reason())
	}
	return change
}

// until reads changes until one shows a callback in a state.
func (f *follower) until(id int64, what string, state func(*callback.Callback) bool) *live.Change {
	f.w.T.Helper()
	for {
		if change := f.want(live.Changed); change.Callback.ID == id && state(change.Callback) {
			return change
		}
	}
}

func (f *follower) untilStatus(id int64, status callback.Status) *live.Change {
	f.w.T.Helper()
	return f.until(id, string(status), func(c *callback.Callback) bool { return c.Status == status })
}

// wantEnd reads until the end.
func (f *follower) wantEnd(code models.Code) {
	f.w.T.Helper()
	for f.next() != nil {
	}
	modelstest.WantError(f.w.T, f.Reason(), code, "")
}

// nothing checks that nothing is told before the next callback of the project.
func (f *follower) nothingBefore(t testing.TB) {
	t.Helper()
	marker := f.w.NewCallback()
	if change := f.want(live.Changed); change.Callback.ID != marker.ID {
		t.Errorf("told of %+v", change.Callback)
	}
}

// number reads one from the database.
func number(w *modelstest.World, query string) (n int64) {
	w.T.Helper()
	pools, err := w.Store.Pools()
	modelstest.NoError(w.T, err)
	modelstest.NoError(w.T, pools["write"].QueryRowContext(w.T.Context(), query).Scan(&n))
	return n
}
