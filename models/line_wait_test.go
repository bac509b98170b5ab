package models_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

func (w *world) withSchedule(s models.Schedule) {
	w.rules.Schedule = s
	w.configure()
}

func TestWhatIsRefusedForGoodHoldsUpNoLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, status := range []int{400, 413, 415, 422} {
		line := w.newLine(2)
		before := len(w.notices())
		w.deliver(line[0].ID, answered(status))
		c := w.callback(line[0].ID)
		if c.Status != models.StatusFailed || c.AttemptCount != 1 || *c.HTTPStatus != status || c.Error.Code != models.HTTPStatusError {
			t.Errorf("%d: got %+v", status, c)
		}
		w.wantInFront(line[1].ID, w.clock.now())
		if notices := w.notices()[before:]; len(notices) != 1 || readNotice(t, notices[0]).EventData.WillRetry {
			t.Errorf("%d: %d notices", status, len(notices))
		}
		w.deliver(line[1].ID, answered(status)) // alone it follows the schedule
		if c := w.callback(line[1].ID); c.Status != models.StatusPending {
			t.Errorf("%d, alone: got %+v", status, c)
		}
	}
	for _, status := range []int{404, 401, 429, 500} {
		line := w.newLine(2)
		w.deliver(line[0].ID, answered(status))
		if c := w.callback(line[0].ID); c.Status != models.StatusPending {
			t.Errorf("%d: got %+v", status, c)
		}
		w.wantHeld(line[1].ID)
	}
}

// What was refused for good while it was alone is tried once more as another lines up, and does not hold it up for hours.
func TestWhatWasRefusedForGoodIsTriedAtOnceAsAnotherLinesUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	j := w.newJobs(1)[0]
	head := w.change(j, completed())
	for range 2 {
		w.deliver(head.ID, answered(422))
	}
	w.queue.take()
	next := w.change(j, edited(`"boot"`))
	w.wantInFront(head.ID, w.clock.now())
	if got := w.queue.take(); len(got) != 1 || got[0].Lane != head.Lane {
		t.Errorf("woken: %v", got)
	}
	w.deliver(head.ID, answered(422))
	wantStatus(t, w.callback(head.ID), models.StatusFailed)
	w.wantInFront(next.ID, w.clock.now())
}

// The head of a line fails; whether it gives way depends on what became of its lane meanwhile.
func TestHeadOfALineGivesWayWhereItsLaneSucceedsWithOthers(t *testing.T) {
	t.Parallel()
	const other = "another job's callback arrives"
	tests := map[string]struct {
		at      map[time.Duration]string // what happens when, since the head has failed for the first time
		gaveWay time.Duration            // 0: it did not
	}{
		"down for everybody":                   {nil, 0},
		"succeeds before it has lasted":        {map[time.Duration]string{time.Minute: other}, 0},
		"succeeds then and later":              {map[time.Duration]string{time.Minute: other, 16 * time.Minute: other}, 16 * time.Minute},
		"down for an hour and then for it":     {map[time.Duration]string{time.Hour: other}, time.Hour},
		"as soon as it has lasted":             {map[time.Duration]string{14 * time.Minute: other}, 15 * time.Minute},
		"of another lane":                      {map[time.Duration]string{20 * time.Minute: "a crawl's callback arrives"}, 0},
		"fails with others too, and says so":   {map[time.Duration]string{20 * time.Minute: "another job's callback fails"}, 0},
		"waits alone until an hour has passed": {map[time.Duration]string{time.Hour: "it lines up", 70 * time.Minute: other}, 75 * time.Minute},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.withSchedule(models.Schedule{5 * time.Minute, 10 * time.Hour, 10 * time.Hour})
			j := w.newJobs(1)[0]
			head := w.change(j, completed())
			_, alone := test.at[time.Hour]
			alone = alone && test.at[time.Hour] == "it lines up"
			if !alone {
				w.change(j, edited(`"boot"`))
			}
			w.deliver(head.ID, answered(500))
			began := w.clock.now()
			for minute := range 120 {
				since := time.Duration(minute) * time.Minute
				switch test.at[since] {
				case other:
					w.deliver(w.newLine(1)[0].ID, answered(200))
				case "another job's callback fails":
					w.deliver(w.newLine(1)[0].ID, answered(500))
				case "a crawl's callback arrives":
					w.deliver(w.raised().ID, answered(200))
				case "it lines up":
					w.change(j, edited(`"boot"`))
				}
				w.sweepAtAnyTime()
				if c := w.callback(head.ID); w.due(c) {
					w.record(w.claim(head.ID), answered(500))
				}
				if c := w.callback(head.ID); c.Status == models.StatusFailed {
					if since != test.gaveWay {
						t.Errorf("gave way after %s, want %s", since, test.gaveWay)
					}
					return
				}
				w.clock.advance(began.Add(since + time.Minute).Sub(w.clock.now()))
			}
			if test.gaveWay != 0 {
				t.Error("it did not give way")
			}
		})
	}
}

// resulted makes a run with a bare result that is ready.
func (w *world) resulted(a *models.Action) (*models.Run, *models.Callback) {
	w.t.Helper()
	run := w.newRun(calling(runURL, models.CallbackOnResult))
	for _, e := range w.claimBatches(a, 1) {
		w.recordBatch(e, executed(200, fmt.Sprintf(`{"results":[%d]}`, run.ID)))
	}
	return run, w.told(run.ID, models.RunResultEvent)[0]
}

func TestOlderResultThatHasFailedIsSuperseded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	wantSuperseded := func(c *models.Callback) {
		t.Helper()
		if c = w.callback(c.ID); c.Status != models.StatusFailed || c.Error.Code != models.Superseded || c.AttemptCount != 1 || c.FinishedAt == nil {
			t.Errorf("got %+v, %+v", c, c.Error)
		}
	}
	_, first := w.resulted(a)
	w.deliver(first.ID, answered(500))
	told := len(w.notices())
	_, second := w.resulted(a) // it waits for its next attempt as a newer one lines up
	wantSuperseded(first)
	w.wantInFront(second.ID, w.clock.now())

	_, third := w.resulted(a) // it is on its way, or has not been tried yet, as a newer one lines up
	w.wantHeld(third.ID)
	w.deliver(second.ID, answered(503))
	wantSuperseded(second)
	w.wantInFront(third.ID, w.clock.now())
	if notices := w.notices(); len(notices) != told {
		t.Errorf("%d notices, had %d", len(notices), told)
	}
	w.deliver(third.ID, answered(200))

	// A replay supersedes nothing.
	_, fourth := w.resulted(a)
	w.deliver(fourth.ID, answered(500))
	replay, err := w.ReplayCallback(t.Context(), w.editor, second.ID)
	noError(t, err)
	w.wantHeld(replay.ID)
	w.deliver(fourth.ID, answered(500))
	wantStatus(t, w.callback(fourth.ID), models.StatusPending)
}

// What stands between the one that is superseded and the newer one is not the newer one's to send, and does not wait for a sweep.
func TestWhatMovesUpBehindASupersededResultIsWoken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	_, head := w.resulted(a)
	w.deliver(head.ID, answered(200))
	_, head = w.resulted(a)
	replay, err := w.ReplayCallback(t.Context(), w.editor, w.callbacks(models.RunResultEvent)[0].ID)
	noError(t, err)
	w.deliver(head.ID, answered(500))
	w.wantHeld(replay.ID)
	w.queue.take()
	_, newer := w.resulted(a)
	w.wantInFront(replay.ID, w.clock.now())
	w.wantHeld(newer.ID)
	if got := w.queue.take(); !slices.ContainsFunc(got, func(u models.Wakeup) bool { return u.Lane == replay.Lane }) {
		t.Errorf("woken: %v", got)
	}
}

func TestEarlierRequestsResultSupersedesNoLaterOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	older, newer := w.newRun(calling(runURL, models.CallbackOnResult)), w.newRun(calling(runURL, models.CallbackOnResult))
	claimed := w.claimBatches(a, 2)
	w.recordBatch(claimed[1], found(1, false))
	head := w.told(newer.ID, models.RunResultEvent)[0]
	w.deliver(head.ID, answered(500))
	w.recordBatch(claimed[0], found(1, false))
	w.wantHeld(w.told(older.ID, models.RunResultEvent)[0].ID)
	wantStatus(t, w.callback(head.ID), models.StatusPending)
	w.deliver(head.ID, answered(400)) // which it would say of it always
	wantStatus(t, w.callback(head.ID), models.StatusFailed)
	w.wantInFront(w.told(older.ID, models.RunResultEvent)[0].ID, w.clock.now())
}
