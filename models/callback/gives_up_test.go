package callback_test

import (
	"testing"
	"time"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// TestNoAttemptOfTheScheduleIsLaterThanTheCallbackSays: chance is at its worst.
func TestNoAttemptOfTheScheduleIsLaterThanTheCallbackSays(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	says := func(what string, want time.Duration) time.Time {
		t.Helper()
		at := w.GivesUpAt(w.ReadCallback(c.ID))
		if at == nil || at.Sub(w.Clock.Now()) != want {
			t.Fatalf("%s: %s, want in %s", what, at, want)
		}
		return *at
	}
	all := says("all is left", 6*time.Second+6*time.Minute)
	d := w.MustClaim(c.ID)
	says("it is sent", callback.LeaseTime+6*time.Second+6*time.Minute)
	w.MustSettle(d, modelstest.Answered(500))
	w.Clock.Advance(5 * time.Second)
	second := says("one delay is left", 6*time.Minute)
	w.Deliver(c.ID, modelstest.Answered(500))
	w.Clock.Advance(5 * time.Minute)
	third := says("none is left", 0)
	if second.After(all) || third.After(second) {
		t.Errorf("%s, %s, %s", all, second, third)
	}
	if c = w.Deliver(c.ID, modelstest.Answered(500)); w.GivesUpAt(c) != nil {
		t.Errorf("it is over: %s", w.GivesUpAt(c))
	}
}

func TestWhatFollowsNoScheduleDoesNotSayWhenItGivesUp(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	paused := w.NewCallback()
	pause(w, w.Shop)
	wantPaused(w, paused)
	for what, c := range map[string]*callback.Callback{
		"behind another": w.NewLine(2)[1], "paused": w.ReadCallback(paused.ID), "a test": w.NewTest(),
	} {
		if at := w.GivesUpAt(c); at != nil {
			t.Errorf("%s: %s", what, at)
		}
	}
}
