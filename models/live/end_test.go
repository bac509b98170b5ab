package live_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/live"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func TestASubscriptionEndsWithItsSession(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end  func(w *modelstest.World, c live.Caller)
		code models.Code
	}{
		"logged out": {func(w *modelstest.World, c live.Caller) {
			modelstest.NoError(w.T, w.DeleteSession(w.T.Context(), c.Actor))
		}, models.CodeUnauthenticated},
		"expired": {func(w *modelstest.World, _ live.Caller) {
			w.Clock.Advance(tenant.SessionLifetime)
		}, models.CodeUnauthenticated},
		"no member any more": {func(w *modelstest.World, c live.Caller) {
			w.SQL(fmt.Sprintf("DELETE FROM memberships WHERE user_id = %d", c.Actor.UserID))
		}, models.CodeNotFound},
		"another role": {func(w *modelstest.World, c live.Caller) {
			w.SQL(fmt.Sprintf("UPDATE memberships SET role = 'Admin' WHERE user_id = %d", c.Actor.UserID))
		}, models.CodeReconnect},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			caller, stays := login(w, w.Editor), follow(w, login(w, w.Viewer), toShop(w))
			if name == "expired" {
				stays = follow(w, keyOf(w, w.Shop), toShop(w))
			}
			f := follow(w, caller, toShop(w))
			test.end(w, caller)
			f.wantEnd(test.code)
			c := w.NewCallback()
			stays.untilStatus(c.ID, callback.StatusPending)
		})
	}
}

func TestASubscriptionEndsWithItsKey(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	caller := keyOf(w, w.Shop)
	f := follow(w, caller, toShop(w))
	keys, err := w.ProjectKeys(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	_, err = w.DeleteProjectKey(t.Context(), w.Admin, keys[w.Shop.ID][0].ID)
	modelstest.NoError(t, err)
	f.wantEnd(models.CodeUnauthenticated)
}

func TestASubscriptionEndsInTime(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.LiveRules = live.Defaults
	w.LiveRules.MaxAge = time.Millisecond
	w.Configure()
	begin(w, login(w, w.Viewer), toShop(w)).wantEnd(models.CodeReconnect)
}

func TestAllEndWithTheProcess(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	f := follow(w, login(w, w.Viewer), toShop(w))
	w.All.Live.Stop()
	f.wantEnd(models.CodeReconnect)
	_, err := w.All.Live.Subscribe(t.Context(), login(w, w.Viewer), toShop(w))
	modelstest.WantError(t, err, models.CodeReconnect, "")
}

// TestWhoDoesNotReadIsDropped: and keeps nobody else from reading.
func TestWhoDoesNotReadIsDropped(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	like := w.ReadCallback(w.NewCallback().ID)
	silent := begin(w, login(w, w.Viewer), toShop(w))
	reads := follow(w, login(w, w.Admin), toShop(w))
	for len(silent.Changes()) > 0 && silent.Reason() == nil {
		ids := w.MoreCallbacks(like, modelstest.ProjectHost, live.MaxAtOnce)
		w.Queue.Changed()
		last := ids[len(ids)-1]
		reads.until(last, "created", func(*callback.Callback) bool { return true })
	}
	silent.wantEnd(models.CodeTooSlow)
}

func TestSubscriptionsAreBounded(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.LiveRules = live.Rules{MaxSubscriptions: 4, PerAccount: 3, PerCaller: 2, MaxAge: time.Hour}
	w.Configure()
	refused := func(c live.Caller, in live.ToWatch) {
		t.Helper()
		_, err := w.All.Live.Subscribe(t.Context(), c, in)
		modelstest.WantError(t, err, models.CodeRateLimited, "")
	}
	viewer := login(w, w.Viewer)
	begin(w, viewer, toShop(w))
	last := begin(w, viewer, toAcme(w))
	refused(viewer, toShop(w)) // of one session
	begin(w, keyOf(w, w.Shop), toShop(w))
	refused(login(w, w.Editor), toShop(w)) // of one account
	foreign := live.ToWatch{Owner: tenant.CallbackOwner{AccountID: w.Other.ID}}
	begin(w, login(w, w.Outsider), foreign)
	refused(login(w, w.Outsider), foreign) // of all
	last.Close()
	last.Close()
	begin(w, viewer, toShop(w))
	refused(login(w, w.Outsider), foreign)
}
