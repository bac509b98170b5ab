package live_test

import (
	"fmt"
	"strings"
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

func TestASubscriptionEndsWithItsProject(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	f, stays := follow(w, login(w, w.Editor), toShop(w)), follow(w, login(w, w.Editor), live.ToWatch{Owner: tenant.CallbackOwner{AccountID: w.Acme.ID}})
	c := w.NewCallback()
	stays.untilStatus(c.ID, callback.StatusPending)
	_, err := w.DeleteProject(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	f.wantEnd(models.CodeNotFound)
	w.MustSettle(w.MustClaim(c.ID), modelstest.Answered(200))
	stays.untilStatus(c.ID, callback.StatusSuccess)
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

func TestAPartnersSubscriptionEndsWithItsKey(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	key, text, err := w.CreateSSOClientKey(t.Context(), w.Platform, w.Partner.ID, "CI")
	modelstest.NoError(t, err)
	f := follow(w, callerWith(w, tenant.Credentials{APIKey: text}), live.ToWatch{SSOClientID: w.Partner.ID})
	c := w.NewCallback()
	f.untilStatus(c.ID, callback.StatusPending)
	_, err = w.DeleteSSOClientKey(t.Context(), w.Platform, key.ID)
	modelstest.NoError(t, err)
	f.wantEnd(models.CodeUnauthenticated)
}

func TestASubscriptionEndsWithItsPortalSession(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *modelstest.World, c live.Caller){
		"logged out": func(w *modelstest.World, c live.Caller) {
			modelstest.NoError(w.T, w.DeleteSession(w.T.Context(), c.Actor))
		},
		"expired": func(w *modelstest.World, _ live.Caller) { w.Clock.Advance(time.Hour) },
		"no Admin any more": func(w *modelstest.World, _ live.Caller) {
			w.SQL(fmt.Sprintf("UPDATE memberships SET role = 'Editor' WHERE user_id = %d", w.Admin.UserID))
		},
		"no project": func(w *modelstest.World, _ live.Caller) {
			_, err := w.DeleteProject(w.T.Context(), w.Admin, w.Shop.ID)
			modelstest.NoError(w.T, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			session, err := w.CreatePortalSession(t.Context(), w.Admin, tenant.NewPortalSession{
				Of: models.KeyScope{ProjectID: w.Shop.ID, Role: models.RoleViewer}, ExpiresIn: time.Hour,
			})
			modelstest.NoError(t, err)
			caller := callerWith(w, tenant.Credentials{SessionToken: session.Token})
			f := follow(w, caller, toShop(w))
			end(w, caller)
			f.wantEnd(models.CodeUnauthenticated)
		})
	}
}

func TestAPartnerIsToldOfItsAccountsAlone(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	key := func(client *tenant.SSOClient) live.Caller {
		_, text, err := w.CreateSSOClientKey(t.Context(), w.Platform, client.ID, "CI")
		modelstest.NoError(t, err)
		return callerWith(w, tenant.Credentials{APIKey: text})
	}
	other := w.NewPartner("https://other.example/webhook")
	account, err := w.CreateAccount(t.Context(), w.Platform, tenant.NewAccount{Name: "Another", SSOClientID: &other.ID})
	modelstest.NoError(t, err)
	own, theirs := live.ToWatch{SSOClientID: w.Partner.ID}, live.ToWatch{SSOClientID: other.ID}
	for who, in := range map[live.Caller]live.ToWatch{key(other): own, login(w, w.Admin): own, key(w.Partner): theirs} {
		_, err := w.All.Live.Subscribe(t.Context(), who, in)
		modelstest.WantError(t, err, models.CodeNotFound, "")
	}
	f, g := follow(w, key(w.Partner), own), follow(w, key(other), theirs)
	foreign := w.NewCallbackOf(w.NewProject(account, new(modelstest.ProjectURL)), 7001)
	mine := w.NewCallback()
	if told := f.want(live.Changed); told.Callback.ID != mine.ID {
		t.Errorf("told of %+v", told.Callback)
	}
	told := g.want(live.Changed)
	if told.Callback.ID != foreign.ID {
		t.Errorf("the other is told of %+v", told.Callback)
	}
	g.Close()
	w.Deliver(foreign.ID, modelstest.Answered(200)) // while nobody is there
	w.NewCallback()
	theirs.After = &told.Cursor
	follow(w, key(other), theirs).untilStatus(foreign.ID, callback.StatusSuccess)
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

// TestPortalsLeaveMembersRoom: each has its own limit, and all of an account's together have a share.
func TestPortalsLeaveMembersRoom(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.LiveRules = live.Rules{MaxSubscriptions: 100, PerAccount: 6, Portals: 4, PerCaller: 3, PerPortal: 2, MaxAge: time.Hour}
	w.Configure()
	portal := func() live.Caller {
		session, err := w.CreatePortalSession(t.Context(), w.Admin, tenant.NewPortalSession{
			Of: models.KeyScope{ProjectID: w.Shop.ID, Role: models.RoleViewer}, ExpiresIn: time.Hour,
		})
		modelstest.NoError(t, err)
		return callerWith(w, tenant.Credentials{SessionToken: session.Token})
	}
	refused := func(c live.Caller, why string) {
		t.Helper()
		_, err := w.All.Live.Subscribe(t.Context(), c, toShop(w))
		modelstest.WantError(t, err, models.CodeRateLimited, "")
		if !strings.Contains(err.Error(), why) {
			t.Errorf("refused since %v, want %s", err, why)
		}
	}
	first, second := portal(), portal()
	begin(w, first, toShop(w))
	begin(w, first, toShop(w))
	refused(first, "your portal session has 2 subscriptions here")
	begin(w, second, toShop(w))
	last := begin(w, second, toShop(w))
	refused(portal(), "the portal sessions of your account have 4 subscriptions here, which is their share of its 6")
	begin(w, login(w, w.Viewer), toShop(w))
	last.Close()
	begin(w, portal(), toShop(w))
	begin(w, login(w, w.Viewer), toShop(w))
	refused(login(w, w.Editor), "your account has 6 subscriptions here")
}
