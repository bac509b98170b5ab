package callback_test

import (
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

// pause pauses a project, or its account where that is nil.
func pause(w *modelstest.World, p *tenant.Project) {
	w.T.Helper()
	_, err := w.PauseCallbacks(w.T.Context(), w.Editor, ownerOf(w, p))
	modelstest.NoError(w.T, err)
}

func resume(w *modelstest.World, p *tenant.Project) {
	w.T.Helper()
	_, err := w.ResumeCallbacks(w.T.Context(), w.Editor, ownerOf(w, p))
	modelstest.NoError(w.T, err)
}

func ownerOf(w *modelstest.World, p *tenant.Project) tenant.CallbackOwner {
	if p == nil {
		return tenant.CallbackOwner{AccountID: w.Acme.ID}
	}
	return tenant.CallbackOwner{ProjectID: p.ID}
}

// wantPaused checks that a callback waits, that no claim takes it, and that it has lost nothing.
func wantPaused(w *modelstest.World, before *callback.Callback) {
	w.T.Helper()
	if got := w.ClaimLane(before.Lane, 100); modelstest.DeliveryOf(got, before.ID) != nil {
		w.T.Errorf("callback %d was claimed", before.ID)
	}
	c := w.ReadCallback(before.ID)
	if c.Status != callback.StatusPending || !c.Paused || c.NextAttemptAt != nil ||
		c.AttemptCount != before.AttemptCount || c.FailureCount != before.FailureCount {
		w.T.Errorf("callback %d is %s, paused: %t, due %v, %d attempts, %d failures", c.ID, c.Status, c.Paused,
			c.NextAttemptAt, c.AttemptCount, c.FailureCount)
	}
}

// wantResumed checks that a sweep makes a callback due now and wakes its lane.
func wantResumed(w *modelstest.World, id int64) {
	w.T.Helper()
	w.Queue.Take()
	w.MustSweep()
	c := w.ReadCallback(id)
	if c.Paused || c.NextAttemptAt == nil || !c.NextAttemptAt.Equal(w.Clock.Now()) {
		w.T.Fatalf("callback %d is paused: %t, due %v", id, c.Paused, c.NextAttemptAt)
	}
	for _, wakeup := range w.Queue.Take() {
		if wakeup.Lane == c.Lane {
			return
		}
	}
	w.T.Errorf("nobody was woken for %s", c.Lane)
}

func TestWhatWaitsOfAPausedProjectIsKeptAndIsDueAfterItsEnd(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	failed := w.NewCallback()
	w.Deliver(failed.ID, modelstest.Answered(500))
	failed = w.ReadCallback(failed.ID)
	waits := w.NewCallback()
	pause(w, w.Shop)
	w.Clock.Advance(30 * 24 * time.Hour) // longer than the schedule and all that is put off
	wantPaused(w, failed)
	wantPaused(w, waits)
	during := w.NewCallback()
	if c := w.ReadCallback(during.ID); !c.Paused {
		t.Errorf("created meanwhile: %+v", c)
	}
	w.MustSweep()
	w.MustSweep()
	wantPaused(w, failed)
	resume(w, w.Shop)
	wantResumed(w, failed.ID)
	for _, c := range []*callback.Callback{failed, waits, during} {
		w.MustSettle(w.MustClaim(c.ID), modelstest.Answered(200))
	}
	if c := w.ReadCallback(failed.ID); c.Status != callback.StatusSuccess || c.AttemptCount != 2 || c.FailureCount != 1 {
		t.Errorf("got %+v", c)
	}
	if attempts := w.Attempts(failed.ID); len(attempts) != 2 {
		t.Errorf("%d attempts", len(attempts))
	}
}

func TestAPausedProjectHoldsUpNobodyInItsLane(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.SetTarget(nil, new("https://account.example/hook"))
	quiet, loud := w.NewProject(w.Acme, nil), w.NewProject(w.Acme, nil)
	first := w.NewCallbackOf(quiet, 901)
	more := w.MoreCallbacks(first, first.Lane.Host, 300)
	w.Clock.Advance(time.Second)
	other := w.NewCallbackOf(loud, 902)
	if other.Lane != first.Lane {
		t.Fatalf("lanes %s and %s", first.Lane, other.Lane)
	}
	pause(w, quiet)
	w.ClaimLane(first.Lane, 1) // which meets one of them, and lets all of them wait
	for _, id := range []int64{first.ID, more[0], more[299]} {
		if !w.ReadCallback(id).Paused {
			t.Errorf("callback %d is due", id)
		}
	}
	w.MustSettle(w.MustClaim(other.ID), modelstest.Answered(200))
	resume(w, quiet)
	wantResumed(w, more[299])
}

func TestAPausedAccountPausesItsProjectsUntilBothAreResumed(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	waits := w.NewCallback()
	pause(w, nil)
	pause(w, w.Shop)
	wantPaused(w, waits)
	resume(w, w.Shop)
	w.MustSweep()
	wantPaused(w, waits)
	resume(w, nil)
	wantResumed(w, waits.ID)
}

func TestNoticesAndTestsLeaveThoughAllIsPaused(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	d := w.MustClaim(w.NewCallback().ID)
	pause(w, nil)
	pause(w, w.Shop)
	w.MustSettle(d, modelstest.Answered(500)) // what is in flight ends
	w.MustSettle(w.MustClaim(w.Notices()[0].ID), modelstest.Answered(200))
	w.MustSettle(w.MustClaim(w.NewTest().ID), modelstest.Answered(204))
}

func TestResultsToAURLOfTheRequestArePausedToo(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	j := w.NewJobs(1)[0]
	first, second := w.MustChange(j, modelstest.JobCompleted()), w.MustChange(j, modelstest.JobEdited("1"))
	if first.Target != callback.TargetRequest {
		t.Fatalf("target %s", first.Target)
	}
	pause(w, w.Shop)
	wantPaused(w, first)
	w.WantHeld(second.ID)
	w.Clock.Advance(w.Rules.LineWait * 2)
	w.MustSweep()
	wantPaused(w, first)
	resume(w, w.Shop)
	wantResumed(w, first.ID)
	w.MustSettle(w.MustClaim(first.ID), modelstest.Answered(200))
	w.MustSettle(w.MustClaim(second.ID), modelstest.Answered(200))
}

// A claim has read the pause, somebody resumes, a sweep finds nothing, and then the claim is committed.
func TestWhatIsPausedByAClaimThatOverlapsTheEndIsFound(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	waits := w.NewCallback()
	pause(w, w.Shop)
	wantPaused(w, waits)
	resume(w, w.Shop)
	wantResumed(w, waits.ID)
	w.SQL("UPDATE callbacks SET next_attempt_at = 253402300799000000 WHERE id = " + waits.RawID())
	wantResumed(w, waits.ID)
}

func TestCallbacksOfADeletedProjectAreDeliveredThoughItWasPaused(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	waits := w.NewCallback()
	pause(w, w.Shop)
	wantPaused(w, waits)
	_, err := w.DeleteProject(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	wantResumed(w, waits.ID)
	w.MustSettle(w.MustClaim(waits.ID), modelstest.Answered(200))
}

func TestWhatWasClaimedBeforeAPauseBeginsWithinTwoSecondsOrNotAtAll(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	mayBegin := func(d *callback.Delivery, want bool) {
		t.Helper()
		if may, err := w.MayBegin(t.Context(), d); may != want || err != nil {
			t.Errorf("may begin: %t, %v; want %t", may, err, want)
		}
	}
	d := w.MustClaim(w.NewCallback().ID)
	w.Clock.Advance(callback.PauseObeyed)
	mayBegin(d, true) // nothing is paused, as it reads
	pause(w, w.Shop)
	w.Clock.Advance(callback.PauseObeyed)
	mayBegin(d, false)
	w.MustRelease(d)
	wantPaused(w, w.ReadCallback(d.Callback.ID))
	if attempts := w.Attempts(d.Callback.ID); len(attempts) != 0 {
		t.Errorf("%d attempts", len(attempts))
	}
}

func TestAResumedBacklogBecomesDuePartByPart(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	first := w.NewCallback()
	w.MoreCallbacks(first, first.Lane.Host, 1_200)
	w.Clock.Advance(time.Second)
	pause(w, w.Shop)
	w.ClaimLane(first.Lane, 1)
	w.ClaimLane(first.Lane, 1)
	count := func() int {
		n, err := w.CountDue(t.Context(), callback.LeasedCallbacks, 0)
		modelstest.NoError(t, err)
		return n
	}
	if n := count(); n != 0 {
		t.Fatalf("%d are due while they are paused", n)
	}
	resume(w, w.Shop)
	w.MustSweep()
	if n := count(); n != 1_201 {
		t.Errorf("%d are due, want all", n)
	}
}

func TestALongPauseIsToldOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	told := func(want int) {
		t.Helper()
		pauses, err := w.TellPauses(t.Context())
		modelstest.NoError(t, err)
		if len(pauses) != want {
			t.Errorf("told of %+v, want %d", pauses, want)
		}
	}
	pause(w, w.Shop)
	pause(w, nil)
	w.Clock.Advance(callback.LongPauseAfter - time.Second)
	told(0)
	n, longest, err := w.CountPauses(t.Context(), tenant.TypeProject)
	if modelstest.NoError(t, err); n != 1 || longest != callback.LongPauseAfter-time.Second {
		t.Errorf("%d are paused, for %s", n, longest)
	}
	w.Clock.Advance(time.Second)
	told(2)
	told(0)
	resume(w, w.Shop)
	pause(w, w.Shop)
	w.Clock.Advance(callback.LongPauseAfter)
	told(1)
}

func TestAPauseIsTheFirstOnesUntilItEnds(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	pause(w, w.Shop)
	began := w.Clock.Now()
	w.Clock.Advance(time.Hour)
	c, err := w.PauseCallbacks(t.Context(), w.KeyActor(w.Shop), ownerOf(w, w.Shop))
	modelstest.NoError(t, err)
	if p := c.Project; !p.PausedAt.Equal(began) || *p.PausedByUserID != w.Editor.UserID || p.Version != 1 {
		t.Errorf("got %+v", p)
	}
	for _, refused := range []struct {
		actor *models.Actor
		of    tenant.CallbackOwner
		code  models.Code
	}{
		{w.Viewer, ownerOf(w, w.Shop), models.CodeForbidden},
		{w.Outsider, ownerOf(w, w.Shop), models.CodeNotFound},
		{w.KeyActor(w.Shop), ownerOf(w, nil), models.CodeForbidden},
	} {
		_, err := w.ResumeCallbacks(t.Context(), refused.actor, refused.of)
		modelstest.WantError(t, err, refused.code, "")
	}
	resume(w, w.Shop)
	c, err = w.ResumeCallbacks(t.Context(), w.Editor, ownerOf(w, w.Shop))
	modelstest.NoError(t, err)
	if p := c.Project; p.Paused() || p.PausedByUserID != nil || p.Version != 1 {
		t.Errorf("got %+v", p)
	}
}
