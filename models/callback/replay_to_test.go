package callback_test

import (
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

const elsewhere = "https://elsewhere.example/try"

// replayTo replays a callback by its uid.
func replayTo(w *modelstest.World, actor *models.Actor, c *callback.Callback, url string) (*callback.Callback, error) {
	return w.ReplayOne(w.T.Context(), actor, callback.ToReplay{Which: callback.Which{UID: c.UID.String()}, ToURL: &url})
}

func TestAReplayGoesToAnotherURLWithoutHeadersAndSigned(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.SetTarget(w.Shop, new(modelstest.ProjectURL))
	original := w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	replay, err := replayTo(w, w.Admin, original, elsewhere)
	modelstest.NoError(t, err)
	for range 2 { // the retry goes there too
		d := w.MustClaim(replay.ID)
		headers, err := d.Headers("Ringback/1", w.Clock.Now())
		modelstest.NoError(t, err)
		if d.Target.URL != elsewhere || len(d.Target.Headers) != 0 || headers.Get("Webhook-Signature") == "" ||
			string(d.Callback.Body) != string(original.Body) {
			t.Errorf("it goes to %+v with %v", d.Target, headers)
		}
		w.MustSettle(d, modelstest.Answered(500))
		w.Clock.Advance(5 * time.Second)
	}
	read := w.ReadCallback(replay.ID)
	if *read.TargetURL != elsewhere || read.Lane.Host != "elsewhere.example:443" || *read.ReplayedByUserID != w.Admin.UserID ||
		*read.ReplayOfID != original.ID || read.Ref != original.Ref {
		t.Errorf("got %+v", read)
	}
}

func TestWhoMayReplayToAnotherURL(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	notice := w.Deliver(w.Notices()[0].ID, modelstest.Answered(200))
	running := w.MustClaim(w.NewCallback().ID).Callback
	for name, tc := range map[string]struct {
		who   *models.Actor
		of    *callback.Callback
		url   string
		code  models.Code
		field string
	}{
		"a viewer":               {w.Viewer, c, elsewhere, models.CodeForbidden, ""},
		"an editor":              {w.Editor, c, elsewhere, models.CodeForbidden, ""},
		"a key":                  {w.KeyActor(w.Shop), c, elsewhere, models.CodeForbidden, ""},
		"an outsider":            {w.Outsider, c, elsewhere, models.CodeNotFound, ""},
		"a notice":               {w.Platform, notice, elsewhere, models.CodeConflict, "toUrl"},
		"a notice, as an admin":  {w.Admin, notice, elsewhere, models.CodeForbidden, ""},
		"no URL":                 {w.Admin, c, "", models.CodeBadUserInput, "toUrl"},
		"another scheme":         {w.Admin, c, "ftp://elsewhere.example/", models.CodeBadUserInput, "toUrl"},
		"a password":             {w.Admin, c, "https://a:b@elsewhere.example/", models.CodeBadUserInput, "toUrl"},
		"what has not ended yet": {w.Admin, running, elsewhere, models.CodeConflict, "uid"},
	} {
		_, err := replayTo(w, tc.who, tc.of, tc.url)
		t.Log(name, err)
		modelstest.WantError(t, err, tc.code, tc.field)
	}
	if seen, err := w.Replays(t.Context(), w.Viewer.Scope(models.RoleViewer), c.ID); err != nil || len(seen) != 0 {
		t.Errorf("%v, %v", seen, err)
	}
}

// TestAReplayToAnotherURLIsInNobodysWay: it does not wait for its original's line, nor that for it.
func TestAReplayToAnotherURLIsInNobodysWay(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	line := w.NewLine(2)
	first := w.Deliver(line[0].ID, modelstest.Answered(200))
	replay, err := replayTo(w, w.Admin, first, elsewhere)
	modelstest.NoError(t, err)
	if replay.Held || replay.OrderingKey != "" {
		t.Errorf("got %+v", replay)
	}
	w.WantInFront(line[1].ID, w.Clock.Now())
	w.Deliver(replay.ID, modelstest.Answered(410))
	modelstest.WantStatus(t, w.Deliver(line[1].ID, modelstest.Answered(200)), callback.StatusSuccess)
}

func TestNobodyIsNamedWhereAKeyReplays(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	for _, tc := range []struct {
		who  *models.Actor
		want *int64
	}{{w.KeyActor(w.Shop), nil}, {w.Platform, nil}, {w.Editor, &w.Editor.UserID}} {
		replay, err := w.Replay(t.Context(), tc.who, c.ID)
		modelstest.NoError(t, err)
		got := w.ReadCallback(replay.ID).ReplayedByUserID
		if (got == nil) != (tc.want == nil) || got != nil && *got != *tc.want {
			t.Errorf("replayed by %v, want %v", got, tc.want)
		}
	}
}
