package models_test

import (
	"sync/atomic"
	"testing"

	"github.com/ringback/ringback/models"
)

func TestReplayIsANewCallbackWithTheSameRefAndBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	original := w.deliver(w.raised().ID, answered(410))
	const mended = "https://mended.example/hook"
	_, err := w.UpdateProject(t.Context(), w.admin, models.ProjectUpdate{
		ProjectID: w.project.ID, Name: models.Given(new("Renamed")), Callback: models.EndpointUpdate{URL: models.Given(new(mended))},
	})
	noError(t, err)
	w.queue.take()
	replay, err := w.ReplayCallback(t.Context(), w.editor, original.ID)
	noError(t, err)
	replay = w.callback(replay.ID)
	if replay.UID == original.UID || replay.Ref != original.Ref || string(replay.Body) != string(original.Body) ||
		replay.ContentType != original.ContentType || *replay.ReplayOfID != original.ID || replay.Source != original.Source ||
		*replay.CreatedByUserID != *original.CreatedByUserID {
		t.Errorf("got %+v of %+v", replay, original)
	}
	wantStatus(t, replay, models.StatusPending)
	if replay.AttemptCount != 0 || replay.FailureCount != 0 || *replay.TargetURL != mended {
		t.Errorf("got %+v", replay)
	}
	if got := w.queue.take(); len(got) != 1 || got[0].CallbackID != replay.ID {
		t.Errorf("woken: %v", got)
	}
	wantStatus(t, w.callback(original.ID), models.StatusFailed)
	replays, err := w.Replays(t.Context(), w.viewer, original.ID)
	noError(t, err)
	if len(replays) != 1 || replays[0].ID != replay.ID {
		t.Errorf("the original has the replays %v", replays)
	}
}

func TestSuccessfulCallbackCanBeReplayedToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.deliver(w.raised().ID, answered(200))
	_, err := w.ReplayCallback(t.Context(), w.editor, c.ID)
	noError(t, err)
}

func TestReplayOfACallbackThatHasNotEndedIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raised()
	replay := func() error {
		_, err := w.ReplayCallback(t.Context(), w.editor, c.ID)
		return err
	}
	wantError(t, replay(), models.CodeConflict, "callbackId") // PENDING
	d := w.claim(c.ID)
	wantError(t, replay(), models.CodeConflict, "callbackId") // RUNNING
	w.record(d, refused())
	wantError(t, replay(), models.CodeConflict, "callbackId") // PENDING between retries
}

func TestReplayOfAReplayIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	replay, err := w.ReplayCallback(t.Context(), w.editor, w.deliver(w.raised().ID, answered(410)).ID)
	noError(t, err)
	w.deliver(replay.ID, answered(410))
	_, err = w.ReplayCallback(t.Context(), w.editor, replay.ID)
	wantError(t, err, models.CodeConflict, "callbackId")
}

func TestFourthReplayIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.deliver(w.raised().ID, answered(410))
	for range models.MaxReplays {
		_, err := w.ReplayCallback(t.Context(), w.editor, c.ID)
		noError(t, err)
	}
	_, err := w.ReplayCallback(t.Context(), w.editor, c.ID)
	wantError(t, err, models.CodeConflict, "callbackId")
}

func TestReplaysAtOnceCannotMakeAFourth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.deliver(w.raised().ID, answered(410))
	var made, conflicts atomic.Int32
	atOnce(8, func(int) {
		switch _, err := w.ReplayCallback(t.Context(), w.editor, c.ID); {
		case err == nil:
			made.Add(1)
		case models.ErrorCode(err) == models.CodeConflict:
			conflicts.Add(1)
		default:
			t.Error(err)
		}
	})
	if made.Load() != models.MaxReplays || conflicts.Load() != 8-models.MaxReplays {
		t.Errorf("made %d, refused %d", made.Load(), conflicts.Load())
	}
	replays, err := w.Replays(t.Context(), w.admin, c.ID)
	noError(t, err)
	if len(replays) != models.MaxReplays {
		t.Errorf("there are %d", len(replays))
	}
}

func TestReplayWithNowhereToGoIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.deliver(w.raised().ID, answered(410))
	_, err := w.UpdateProject(t.Context(), w.admin, models.ProjectUpdate{
		ProjectID: w.project.ID, Callback: models.EndpointUpdate{URL: models.Given[*string](nil)},
	})
	noError(t, err)
	_, err = w.ReplayCallback(t.Context(), w.editor, c.ID)
	wantError(t, err, models.CodeConflict, "callbackId")
}

func TestReplayOfARequestsOwnURLStaysItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// No use-case takes a URL with the request yet; the store and the delivery path know it already.
	c := w.deliver(w.raised().ID, answered(410))
	fixed := *c
	fixed.Target, fixed.TargetURL, fixed.Lane = models.TargetRequest, new("https://request.example/"), w.lane("request.example:443")
	fixed.DedupKey, fixed.UID = "request:1", w.raised().Ref
	fixed.UID[0] ^= 0xff
	fixed.Status, fixed.NextAttemptAt, fixed.FinishedAt = models.StatusPending, new(w.clock.now()), nil
	fixed.TargetHeaders = []models.Header{{Key: "X-Mine", Value: "mine-alone"}}
	noError(t, w.store.CreateCallbacks(t.Context(), &fixed))
	w.deliver(fixed.ID, answered(410))
	replay, err := w.ReplayCallback(t.Context(), w.editor, fixed.ID)
	noError(t, err)
	d := w.claim(replay.ID)
	if d.Target.URL != "https://request.example/" || d.Target.Source != models.LevelRequest ||
		len(d.Target.Headers) != 1 || d.Target.Headers[0].Value.Reveal() != "mine-alone" {
		t.Errorf("it goes to %+v", d.Target)
	}
}
