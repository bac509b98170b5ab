package callback_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

func TestCallbacksOfOneKeyWaitForThoseBeforeThem(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	line := w.NewLine(3)
	if line[0].Held || !line[1].Held || !line[2].Held || line[1].NextAttemptAt != nil {
		t.Errorf("as they are returned: %+v", line)
	}
	w.WantInFront(line[0].ID, modelstest.Start)
	w.Clock.Advance(time.Hour)
	w.WantHeld(line[1].ID)
	w.WantHeld(line[2].ID)
	if due, err := w.CountDue(t.Context(), callback.LeasedCallbacks, 0); due != 1 || err != nil {
		t.Errorf("%d are due, %v", due, err)
	}
	if _, woken := w.MustSweep(); woken != 1 { // the lane, for the first
		t.Errorf("the sweep woke %d", woken)
	}
	w.Queue.Take()
	for range 2 {
		for _, d := range w.ClaimLane(w.Lane(modelstest.JobHost), 10) {
			if d.Callback.ID != line[0].ID {
				t.Errorf("callback %d was claimed", d.Callback.ID)
			}
		}
	}
}

func TestLinesDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a, b := w.NewLine(2), w.NewLine(2)
	free := w.NewCallback() // of no line
	claimed := w.ClaimLane(w.Lane(modelstest.JobHost), 10)
	if len(claimed) != 2 || modelstest.DeliveryOf(claimed, a[0].ID) == nil ||
		modelstest.DeliveryOf(claimed, b[0].ID) == nil {
		t.Errorf("%d were claimed", len(claimed))
	}
	w.MustClaim(free.ID)
	w.MustSettle(modelstest.DeliveryOf(claimed, a[0].ID), modelstest.Answered(200))
	w.WantInFront(a[1].ID, modelstest.Start)
	w.WantHeld(b[1].ID)
}

func TestLineMovesUpWhenItsFirstHasEnded(t *testing.T) {
	t.Parallel()
	ends := map[string]struct {
		answers []callback.Outcome
		status  callback.Status
	}{
		"it arrived":              {[]callback.Outcome{modelstest.Answered(200)}, callback.StatusSuccess},
		"it was given up at once": {[]callback.Outcome{modelstest.Answered(410)}, callback.StatusFailed},
		"it was given up at last": {
			[]callback.Outcome{modelstest.Answered(500), modelstest.Refused(), modelstest.Answered(500)}, callback.StatusFailed,
		},
		"it arrived at the third try": {
			[]callback.Outcome{modelstest.Answered(500), modelstest.Refused(), modelstest.Answered(200)}, callback.StatusSuccess,
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			line := w.NewLine(3)
			for i, answer := range end.answers {
				w.WantHeld(line[1].ID)
				w.Clock.Advance(time.Second)
				w.Queue.Take()
				w.Deliver(line[0].ID, answer)
				if last := i == len(end.answers)-1; slices.Contains(modelstest.WokenIDs(w.Queue.Take()), line[1].ID) != last {
					t.Errorf("after attempt %d: woken: %t", i+1, !last)
				}
			}
			modelstest.WantStatus(t, w.ReadCallback(line[0].ID), end.status)
			w.WantInFront(line[1].ID, w.Clock.Now())
			w.WantHeld(line[2].ID)
			w.Deliver(line[1].ID, modelstest.Answered(200))
			w.WantInFront(line[2].ID, w.Clock.Now())
			w.Deliver(line[2].ID, modelstest.Answered(200))
		})
	}
}

func TestInterruptedOneKeepsItsPlaceInTheLine(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	line := w.NewLine(2)
	modelstest.NoError(t, w.Settle(t.Context(), w.GiveBack(w.MustClaim(line[0].ID))))
	w.WantHeld(line[1].ID)
	late := w.LateDelivery(line[0])
	w.WantHeld(line[1].ID)
	again := w.MustClaim(line[0].ID)
	w.MustSettle(late, modelstest.Answered(200)) // which counts no more
	w.WantHeld(line[1].ID)
	w.MustSettle(again, modelstest.Answered(200))
	w.WantInFront(line[1].ID, w.Clock.Now())
}

func TestRecordMadeAgainMovesTheLineUpOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	line := w.NewLine(3)
	d := w.MustClaim(line[0].ID)
	again := *d
	again.Callback, again.Attempt = new(*d.Callback), new(*d.Attempt)
	w.MustSettle(d, modelstest.Answered(200))
	w.MustSettle(&again, modelstest.Answered(200))
	w.WantInFront(line[1].ID, modelstest.Start)
	w.WantHeld(line[2].ID)
}

func TestCallbackOfALineThatIsEmptyIsSentAtOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	j := w.NewJobs(1)[0]
	for range 3 {
		in := modelstest.JobEdited("1")
		if w.ReadJob(j.ID).State != job.Completed {
			in = modelstest.JobCompleted()
		}
		c := w.MustChange(j, in)
		w.WantInFront(c.ID, w.Clock.Now())
		if woken := modelstest.WokenIDs(w.Queue.Take()); !slices.Equal(woken, []int64{c.ID}) {
			t.Errorf("woken: %v", woken)
		}
		w.Deliver(c.ID, modelstest.Answered(200))
		w.Clock.Advance(time.Second)
	}
}

func TestReplayGoesToTheEndOfTheLine(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	line := w.NewLine(3)
	w.Deliver(line[0].ID, modelstest.Answered(410))
	w.Queue.Take()
	replay, err := w.Replay(t.Context(), w.Editor, line[0].ID)
	modelstest.NoError(t, err)
	if !replay.Held || replay.NextAttemptAt != nil || replay.OrderingKey != line[0].OrderingKey ||
		replay.Source != line[0].Source ||
		len(w.Queue.Take()) != 0 {
		t.Errorf("got %+v", replay)
	}
	w.WantHeld(replay.ID)
	for _, c := range line[1:] {
		w.Deliver(c.ID, modelstest.Answered(200))
	}
	w.WantInFront(replay.ID, modelstest.Start)
	w.Deliver(replay.ID, modelstest.Answered(200))
	// In an empty line it is sent at once.
	if replay, err = w.Replay(t.Context(), w.Editor, line[0].ID); err != nil || replay.Held {
		t.Errorf("got %+v, %v", replay, err)
	}
	w.Deliver(replay.ID, modelstest.Answered(200))
}

func TestHeldCallbackCannotBeReplayed(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	line := w.NewLine(2)
	_, err := w.Replay(t.Context(), w.Editor, line[1].ID)
	modelstest.WantError(t, err, models.CodeConflict, "callbackId")
}

func TestReleasedCallbackGoesToWhereItsTargetIsNow(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	jobs, err := w.CreateJobs(
		t.Context(), w.Editor, job.NewJobs{ProjectID: w.Shop.ID, Inputs: []json.RawMessage{modelstest.Shoes}},
	)
	modelstest.NoError(t, err)
	first, second := w.MustChange(jobs[0], modelstest.JobCompleted()), w.MustChange(jobs[0], modelstest.JobEdited("1"))
	w.SetTarget(w.Shop, new("https://moved.example/hook"))
	for _, c := range []*callback.Callback{first, second} {
		for !w.DeliveredTo(c.ID, "https://moved.example/hook") {
			w.Clock.Advance(time.Second)
		}
	}
}

func TestPartnerHearsOfFailedCallbacksOfRunsAndJobsToo(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	w.NewRun(modelstest.Calling(modelstest.RunURL, run.CallbackOnAll))
	w.NewRun(modelstest.Calling(modelstest.RunURL, run.CallbackOnResult))
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(1, false) })
	w.NewLine(1)
	events := []callback.EventName{
		callback.RunBatchFinishedEvent, callback.RunFinishedEvent, callback.RunResultEvent, callback.JobUpdatedEvent,
	}
	for i, answer := range []callback.Outcome{modelstest.Answered(500), modelstest.Answered(410)} {
		claimed := w.ClaimLane(w.Lane(modelstest.JobHost), 100)
		if len(claimed) != len(events) {
			t.Fatalf("%d were claimed", len(claimed))
		}
		for _, d := range claimed {
			before := len(w.Notices())
			w.MustSettle(d, answer)
			notices := w.Notices()[before:]
			if len(notices) != 1 {
				t.Fatalf("%s: %d notices", d.Callback.Event, len(notices))
			}
			n := modelstest.ReadNotice(t, notices[0])
			if *n.EventData.FirstName != "Demo" || n.EventData.CallbackUID != d.Callback.UID.String() ||
				n.EventData.WillRetry != (i == 0) ||
				n.AccountID != w.Acme.ID || *notices[0].CauseID != d.Callback.ID || notices[0].OrderingKey != "" {
				t.Errorf("%s: notice %s: %+v", d.Callback.Event, notices[0].Body, notices[0])
			}
		}
		w.Clock.Advance(modelstest.TwoRetries[0])
	}
}

func TestNoticeNamesNobodyWhereThePlatformMadeTheRun(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r, err := w.CreateRun(t.Context(), w.Platform, w.RunInput())
	modelstest.NoError(t, err)
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(1, false) })
	w.Deliver(w.CallbacksOfRun(r.ID, callback.RunFinishedEvent)[0].ID, modelstest.Answered(410))
	if n := modelstest.ReadNotice(t, w.Notices()[0]); r.CreatedByUserID != nil || n.EventData.FirstName != nil {
		t.Errorf("it names %s", *n.EventData.FirstName)
	}
}
