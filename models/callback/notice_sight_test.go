package callback_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
)

// What the partner's webhook is, and what it says, in a notice.
const (
	partnerHost   = "partner.example"
	partnerAnswer = "thanks, says the partner"
	partnerError  = "partner.example:443 refused the connection"
)

// noticeOf makes a notice that the partner has answered, and one replay of it that it has not taken.
func noticeOf(w *modelstest.World, cause *callback.Callback) *callback.Callback {
	w.T.Helper()
	w.Deliver(cause.ID, modelstest.Answered(500))
	n := w.Notices()[0]
	o := modelstest.Answered(500)
	o.ResponseBody = []byte(partnerAnswer)
	w.Deliver(n.ID, o)
	w.Deliver(n.ID, callback.Outcome{Error: &callback.AttemptError{Code: callback.ConnectRefused, Message: partnerError}})
	w.Deliver(n.ID, callback.Outcome{Error: &callback.AttemptError{Code: callback.ConnectRefused, Message: partnerError}})
	_, err := w.Replay(w.T.Context(), w.Platform, n.ID)
	modelstest.NoError(w.T, err)
	return w.ReadCallback(n.ID)
}

// seen is all that an actor can read of a notice, as text.
func seen(w *modelstest.World, actor *models.Actor, n *callback.Callback) string {
	w.T.Helper()
	ctx := w.T.Context()
	var all []any
	add := func(v any, err error) {
		if err != nil && models.ErrorCode(err) != models.CodeNotFound {
			w.T.Error(err)
		}
		all = append(all, v)
	}
	add(w.Callback(ctx, actor.Scope(models.RoleViewer), n.ID))
	add(w.CallbackByUID(ctx, actor.Scope(models.RoleViewer), n.UID.String()))
	add(w.Callbacks(ctx, actor.Scope(models.RoleViewer), n.ID))
	add(w.Replays(ctx, actor.Scope(models.RoleViewer), n.ID))
	for owner, id := range map[callback.Parent]int64{
		callback.OfAccount: n.AccountID, callback.OfProject: n.ProjectID, crawl.Owner: n.Source.Of.Raw,
	} {
		for _, filter := range []callback.Filter{
			{}, {Event: []callback.EventName{callback.CallbackFailedEvent}}, {Status: []callback.Status{n.Status}},
		} {
			add(w.CallbackPages(ctx, actor.Scope(models.RoleViewer), owner, []int64{id}, filter, models.Page{First: 10}))
		}
	}
	add(w.AttemptPages(ctx, actor.Scope(models.RoleViewer), []int64{n.ID}, models.Page{First: 10}))
	for _, a := range w.Attempts(n.ID) {
		add(w.Store.Texts(ctx, actor.Scope(models.RoleViewer), models.ResponseBodyText, a.ID))
	}
	text, err := json.Marshal(all)
	modelstest.NoError(w.T, err)
	return string(text)
}

func TestPartnersWebhookIsInSightOfThePlatformOnly(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	n := noticeOf(w, w.NewCallback())
	modelstest.WantStatus(t, n, callback.StatusFailed)
	secrets := []string{partnerHost, partnerAnswer, partnerError}
	for _, secret := range secrets {
		if !strings.Contains(seen(w, w.Platform, n), secret) {
			t.Errorf("the platform does not see %q", secret)
		}
	}
	for name, actor := range map[string]*models.Actor{
		"stranger": nil, "viewer": w.Viewer, "editor": w.Editor, "admin": w.Admin, "project key": w.KeyActor(w.Shop),
		"another partner's admin": w.Outsider,
	} {
		seen := seen(w, actor, n)
		for _, secret := range secrets {
			if strings.Contains(seen, secret) {
				t.Errorf("the %s sees %q: %s", name, secret, seen)
			}
		}
		isMember := actor != nil && actor != w.Outsider
		if strings.Contains(seen, n.UID.String()) != isMember ||
			strings.Contains(seen, callback.NoticeFailedMessage) != isMember {
			t.Errorf("the %s sees %s", name, seen)
		}
	}
}

func TestNoticesAreReplayedByThePlatformOnly(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	n := noticeOf(w, w.NewCallback())
	for name, test := range map[string]struct {
		actor *models.Actor
		want  models.Code
	}{
		"stranger": {nil, models.CodeNotFound}, "viewer": {w.Viewer, models.CodeForbidden},
		"editor": {w.Editor, models.CodeForbidden},
		"admin":  {w.Admin, models.CodeForbidden}, "project key": {w.KeyActor(w.Shop), models.CodeForbidden},
		"another partner's admin": {w.Outsider, models.CodeNotFound},
	} {
		_, err := w.Replay(t.Context(), test.actor, n.ID)
		if got := models.ErrorCode(err); err == nil || got != test.want {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := w.Log.Replay(
			t.Context(), test.actor, n.ProjectID, n.UID.String(),
		); models.ErrorCode(err) != models.CodeNotFound {
			t.Errorf("%s, in the log of runs: %v", name, err)
		}
	}
	if replays, err := w.Replays(t.Context(), w.Platform.Scope(models.RoleViewer), n.ID); err != nil || len(replays) != 1 {
		t.Errorf("%d replays: %v", len(replays), err)
	}
}
