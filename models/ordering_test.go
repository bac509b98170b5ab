package models_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
)

// newLine makes a job and changes it so many times: a line of callbacks, the first of which may be sent. Their wake-ups are
// forgotten.
func (w *world) newLine(n int) []*models.Callback {
	w.t.Helper()
	j := w.newJobs(1)[0]
	line := []*models.Callback{w.change(j, completed())}
	for len(line) < n {
		line = append(line, w.change(j, edited(`"boot"`)))
	}
	w.queue.take()
	return line
}

// wantHeld checks that a callback waits for others of its line: whatever the time, nobody can take it.
func (w *world) wantHeld(id int64) {
	w.t.Helper()
	c := w.callback(id)
	if c.Status != models.StatusPending || !c.Held || c.NextAttemptAt != nil || c.AttemptCount != 0 {
		w.t.Errorf("want it to be held, got %+v", c)
	}
	if w.due(c) {
		w.t.Errorf("callback %d is due", id)
	}
}

// wantInFront checks that a callback has nobody before it any more: it is due since a time.
func (w *world) wantInFront(id int64, since time.Time) {
	w.t.Helper()
	c := w.callback(id)
	if c.Status != models.StatusPending || c.Held || c.NextAttemptAt == nil || !c.NextAttemptAt.Equal(since) {
		w.t.Errorf("want it due at %s, got %+v", since, c)
	}
}

func TestCallbacksOfOneKeyWaitForThoseBeforeThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	line := w.newLine(3)
	if line[0].Held || !line[1].Held || !line[2].Held || line[1].NextAttemptAt != nil {
		t.Errorf("as they are returned: %+v", line)
	}
	w.wantInFront(line[0].ID, start)
	w.clock.advance(time.Hour)
	w.wantHeld(line[1].ID)
	w.wantHeld(line[2].ID)
	if due, err := w.CountDue(t.Context(), models.LeasedCallbacks, 0); due != 1 || err != nil {
		t.Errorf("%d are due, %v", due, err)
	}
	if _, woken := w.sweep(); woken != 1 { // the lane, for the first
		t.Errorf("the sweep woke %d", woken)
	}
	w.queue.take()
	for range 2 {
		for _, d := range w.claimLane(w.lane(jobHost), 10) {
			if d.Callback.ID != line[0].ID {
				t.Errorf("callback %d was claimed", d.Callback.ID)
			}
		}
	}
}

func TestLinesDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.newLine(2), w.newLine(2)
	free := w.raised() // of no line
	claimed := w.claimLane(w.lane(jobHost), 10)
	if len(claimed) != 2 || delivery(claimed, a[0].ID) == nil || delivery(claimed, b[0].ID) == nil {
		t.Errorf("%d were claimed", len(claimed))
	}
	w.claim(free.ID)
	w.record(delivery(claimed, a[0].ID), answered(200))
	w.wantInFront(a[1].ID, start)
	w.wantHeld(b[1].ID)
}

func TestLineMovesUpWhenItsFirstHasEnded(t *testing.T) {
	t.Parallel()
	ends := map[string]struct {
		answers []models.Outcome
		status  models.Status
	}{
		"it arrived":                  {[]models.Outcome{answered(200)}, models.StatusSuccess},
		"it was given up at once":     {[]models.Outcome{answered(410)}, models.StatusFailed},
		"it was given up at last":     {[]models.Outcome{answered(500), refused(), answered(500)}, models.StatusFailed},
		"it arrived at the third try": {[]models.Outcome{answered(500), refused(), answered(200)}, models.StatusSuccess},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			line := w.newLine(3)
			for i, answer := range end.answers {
				w.wantHeld(line[1].ID)
				w.clock.advance(time.Second)
				w.queue.take()
				w.deliver(line[0].ID, answer)
				if last := i == len(end.answers)-1; slices.Contains(wokenIDs(w.queue.take()), line[1].ID) != last {
					t.Errorf("after attempt %d: woken: %t", i+1, !last)
				}
			}
			wantStatus(t, w.callback(line[0].ID), end.status)
			w.wantInFront(line[1].ID, w.clock.now())
			w.wantHeld(line[2].ID)
			w.deliver(line[1].ID, answered(200))
			w.wantInFront(line[2].ID, w.clock.now())
			w.deliver(line[2].ID, answered(200))
		})
	}
}

func TestInterruptedOneKeepsItsPlaceInTheLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	line := w.newLine(2)
	noError(t, w.Settle(t.Context(), w.GiveBack(w.claim(line[0].ID))))
	w.wantHeld(line[1].ID)
	late := w.late(line[0])
	w.wantHeld(line[1].ID)
	again := w.claim(line[0].ID)
	w.record(late, answered(200)) // which counts no more
	w.wantHeld(line[1].ID)
	w.record(again, answered(200))
	w.wantInFront(line[1].ID, w.clock.now())
}

func TestRecordMadeAgainMovesTheLineUpOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	line := w.newLine(3)
	d := w.claim(line[0].ID)
	again := *d
	again.Callback, again.Attempt = new(*d.Callback), new(*d.Attempt)
	w.record(d, answered(200))
	w.record(&again, answered(200))
	w.wantInFront(line[1].ID, start)
	w.wantHeld(line[2].ID)
}

func TestCallbackOfALineThatIsEmptyIsSentAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	j := w.newJobs(1)[0]
	for range 3 {
		in := edited("1")
		if w.job(j.ID).State != job.Completed {
			in = completed()
		}
		c := w.change(j, in)
		w.wantInFront(c.ID, w.clock.now())
		if woken := wokenIDs(w.queue.take()); !slices.Equal(woken, []int64{c.ID}) {
			t.Errorf("woken: %v", woken)
		}
		w.deliver(c.ID, answered(200))
		w.clock.advance(time.Second)
	}
}

func TestReplayGoesToTheEndOfTheLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	line := w.newLine(3)
	w.deliver(line[0].ID, answered(410))
	w.queue.take()
	replay, err := w.ReplayCallback(t.Context(), w.editor, line[0].ID)
	noError(t, err)
	if !replay.Held || replay.NextAttemptAt != nil || replay.OrderingKey != line[0].OrderingKey || replay.Source != line[0].Source ||
		len(w.queue.take()) != 0 {
		t.Errorf("got %+v", replay)
	}
	w.wantHeld(replay.ID)
	for _, c := range line[1:] {
		w.deliver(c.ID, answered(200))
	}
	w.wantInFront(replay.ID, start)
	w.deliver(replay.ID, answered(200))
	// In an empty line it is sent at once.
	if replay, err = w.ReplayCallback(t.Context(), w.editor, line[0].ID); err != nil || replay.Held {
		t.Errorf("got %+v, %v", replay, err)
	}
	w.deliver(replay.ID, answered(200))
}

func TestHeldCallbackCannotBeReplayed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	line := w.newLine(2)
	_, err := w.ReplayCallback(t.Context(), w.editor, line[1].ID)
	wantError(t, err, models.CodeConflict, "callbackId")
}

func TestReleasedCallbackGoesToWhereItsTargetIsNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	jobs, err := w.CreateJobs(t.Context(), w.editor, job.NewJobs{ProjectID: w.project.ID, Inputs: []json.RawMessage{shoes}})
	noError(t, err)
	first, second := w.change(jobs[0], completed()), w.change(jobs[0], edited("1"))
	w.setTarget(w.project, new("https://moved.example/hook"))
	for _, c := range []*models.Callback{first, second} {
		for !w.deliveredTo(c.ID, "https://moved.example/hook") {
			w.clock.advance(time.Second)
		}
	}
}

func TestPartnerHearsOfFailedCallbacksOfRunsAndJobsToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	w.newRun(calling(runURL, models.CallbackOnAll))
	w.newRun(calling(runURL, models.CallbackOnResult))
	w.execute(a, func(*models.Execution) models.Outcome { return found(1, false) })
	w.newLine(1)
	events := []models.EventName{models.RunBatchFinishedEvent, models.RunFinishedEvent, models.RunResultEvent, models.JobUpdatedEvent}
	for i, answer := range []models.Outcome{answered(500), answered(410)} {
		claimed := w.claimLane(w.lane(jobHost), 100)
		if len(claimed) != len(events) {
			t.Fatalf("%d were claimed", len(claimed))
		}
		for _, d := range claimed {
			before := len(w.notices())
			w.record(d, answer)
			notices := w.notices()[before:]
			if len(notices) != 1 {
				t.Fatalf("%s: %d notices", d.Callback.Event, len(notices))
			}
			n := readNotice(t, notices[0])
			if *n.EventData.FirstName != "Demo" || n.EventData.CallbackUID != d.Callback.UID.String() || n.EventData.WillRetry != (i == 0) ||
				n.AccountID != w.account.ID || *notices[0].CauseID != d.Callback.ID || notices[0].OrderingKey != "" {
				t.Errorf("%s: notice %s: %+v", d.Callback.Event, notices[0].Body, notices[0])
			}
		}
		w.clock.advance(twoRetries[0])
	}
}

func TestNoticeNamesNobodyWhereThePlatformMadeTheRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run, err := w.CreateRun(t.Context(), w.platform, w.aRun())
	noError(t, err)
	w.execute(a, func(*models.Execution) models.Outcome { return found(1, false) })
	w.deliver(w.told(run.ID, models.RunFinishedEvent)[0].ID, answered(410))
	if n := readNotice(t, w.notices()[0]); run.CreatedByUserID != nil || n.EventData.FirstName != nil {
		t.Errorf("it names %s", *n.EventData.FirstName)
	}
}
