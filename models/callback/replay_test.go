package callback_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func TestReplayIsANewCallbackWithTheSameRefAndBytes(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	original := w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	const mended = "https://mended.example/hook"
	_, err := w.UpdateProject(t.Context(), w.Admin, tenant.ProjectUpdate{
		ProjectID: w.Shop.ID, Name: models.Given(new("Renamed")),
		Callback: models.EndpointUpdate{URL: models.Given(new(mended))},
	})
	modelstest.NoError(t, err)
	w.Queue.Take()
	replay, err := w.Replay(t.Context(), w.Editor, original.ID)
	modelstest.NoError(t, err)
	replay = w.ReadCallback(replay.ID)
	if replay.UID == original.UID || replay.Ref != original.Ref || string(replay.Body) != string(original.Body) ||
		replay.ContentType != original.ContentType || *replay.ReplayOfID != original.ID || replay.Source != original.Source ||
		*replay.CreatedByUserID != *original.CreatedByUserID {
		t.Errorf("got %+v of %+v", replay, original)
	}
	modelstest.WantStatus(t, replay, callback.StatusPending)
	if replay.AttemptCount != 0 || replay.FailureCount != 0 || *replay.TargetURL != mended {
		t.Errorf("got %+v", replay)
	}
	if got := w.Queue.Take(); len(got) != 1 || got[0].CallbackID != replay.ID {
		t.Errorf("woken: %v", got)
	}
	modelstest.WantStatus(t, w.ReadCallback(original.ID), callback.StatusFailed)
	replays, err := w.Replays(t.Context(), w.Viewer.Scope(models.RoleViewer), original.ID)
	modelstest.NoError(t, err)
	if len(replays) != 1 || replays[0].ID != replay.ID {
		t.Errorf("the original has the replays %v", replays)
	}
}

func TestSuccessfulCallbackCanBeReplayedToo(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.Deliver(w.NewCallback().ID, modelstest.Answered(200))
	_, err := w.Replay(t.Context(), w.Editor, c.ID)
	modelstest.NoError(t, err)
}

func TestReplayOfACallbackThatHasNotEndedIsAConflict(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	replay := func() error {
		_, err := w.Replay(t.Context(), w.Editor, c.ID)
		return err
	}
	modelstest.WantError(t, replay(), models.CodeConflict, "callbackId") // PENDING
	d := w.MustClaim(c.ID)
	modelstest.WantError(t, replay(), models.CodeConflict, "callbackId") // RUNNING
	w.MustSettle(d, modelstest.Refused())
	modelstest.WantError(t, replay(), models.CodeConflict, "callbackId") // PENDING between retries
}

func TestReplayOfAReplayIsAConflict(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	replay, err := w.Replay(t.Context(), w.Editor, w.Deliver(w.NewCallback().ID, modelstest.Answered(410)).ID)
	modelstest.NoError(t, err)
	w.Deliver(replay.ID, modelstest.Answered(410))
	_, err = w.Replay(t.Context(), w.Editor, replay.ID)
	modelstest.WantError(t, err, models.CodeConflict, "callbackId")
}

func TestFourthReplayIsAConflict(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	for range callback.MaxReplays {
		_, err := w.Replay(t.Context(), w.Editor, c.ID)
		modelstest.NoError(t, err)
	}
	_, err := w.Replay(t.Context(), w.Editor, c.ID)
	modelstest.WantError(t, err, models.CodeConflict, "callbackId")
}

// TestAPartnerLeavesTheLastReplayToItsCustomers, one by one and many at once; of its own notices it has all.
func TestAPartnerLeavesTheLastReplayToItsCustomers(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	partner := &models.Actor{Key: &models.KeyScope{SSOClientID: w.Partner.ID, Role: models.RoleAdmin}}
	c := w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	for range callback.MaxReplays - 1 {
		_, err := w.Replay(t.Context(), partner, c.ID)
		modelstest.NoError(t, err)
	}
	_, err := w.Replay(t.Context(), partner, c.ID)
	modelstest.WantError(t, err, models.CodeConflict, "callbackId")
	if !strings.Contains(err.Error(), "2 times already; the last of its 3 replays is left to whose callback it is") {
		t.Errorf("refused since %v", err)
	}
	for _, test := range []struct {
		by      *models.Actor
		skipped int
	}{{partner, 1}, {w.Platform, 0}, {w.Editor, 0}} {
		w.Clock.Advance(time.Second)
		b, err := w.ReplayAll(t.Context(), test.by, callback.ToReplayAll{Owner: callback.BulkOwner{ProjectID: w.Shop.ID}, DryRun: true})
		modelstest.NoError(t, err)
		_, err = w.AdvanceBulkReplays(t.Context())
		modelstest.NoError(t, err)
		if b = readBulk(w, b.ID); b.Skipped[callback.SkipReplayedEnough] != test.skipped || b.ByPartner != (test.by == partner) {
			t.Errorf("skipped %+v", b)
		}
	}
	_, err = w.Replay(t.Context(), w.Editor, c.ID)
	modelstest.NoError(t, err)
	notice := w.Deliver(w.Notices()[0].ID, modelstest.Answered(200))
	for range callback.MaxReplays {
		_, err := w.Replay(t.Context(), partner, notice.ID)
		modelstest.NoError(t, err)
	}
}

func TestReplaysAtOnceCannotMakeAFourth(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	var made, conflicts atomic.Int32
	modelstest.AtOnce(8, func(int) {
		switch _, err := w.Replay(t.Context(), w.Editor, c.ID); {
		case err == nil:
			made.Add(1)
		case models.ErrorCode(err) == models.CodeConflict:
			conflicts.Add(1)
		default:
			t.Error(err)
		}
	})
	if made.Load() != callback.MaxReplays || conflicts.Load() != 8-callback.MaxReplays {
		t.Errorf("made %d, refused %d", made.Load(), conflicts.Load())
	}
	replays, err := w.Replays(t.Context(), w.Admin.Scope(models.RoleViewer), c.ID)
	modelstest.NoError(t, err)
	if len(replays) != callback.MaxReplays {
		t.Errorf("there are %d", len(replays))
	}
}

func TestReplayWithNowhereToGoIsAConflict(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	_, err := w.UpdateProject(t.Context(), w.Admin, tenant.ProjectUpdate{
		ProjectID: w.Shop.ID, Callback: models.EndpointUpdate{URL: models.Given[*string](nil)},
	})
	modelstest.NoError(t, err)
	_, err = w.Replay(t.Context(), w.Editor, c.ID)
	modelstest.WantError(t, err, models.CodeConflict, "callbackId")
}

func TestReplayOfARequestsOwnURLStaysItsOwn(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	// No use-case takes a URL with the request yet; the store and the delivery path know it already.
	c := w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	fixed := *c
	fixed.Target, fixed.TargetURL, fixed.Lane = callback.TargetRequest, new("https://request.example/"), w.Lane("request.example:443")
	fixed.DedupKey, fixed.UID = "request:1", w.NewCallback().Ref
	fixed.UID[0] ^= 0xff
	fixed.Status, fixed.NextAttemptAt, fixed.FinishedAt = callback.StatusPending, new(w.Clock.Now()), nil
	fixed.TargetHeaders = []models.Header{{Key: "X-Mine", Value: "mine-alone"}}
	modelstest.NoError(t, w.Store.CreateCallbacks(t.Context(), &fixed))
	w.Deliver(fixed.ID, modelstest.Answered(410))
	replay, err := w.Replay(t.Context(), w.Editor, fixed.ID)
	modelstest.NoError(t, err)
	d := w.MustClaim(replay.ID)
	if d.Target.URL != "https://request.example/" || d.Target.Source != tenant.LevelRequest ||
		len(d.Target.Headers) != 1 || d.Target.Headers[0].Value.Reveal() != "mine-alone" {
		t.Errorf("it goes to %+v", d.Target)
	}
}
