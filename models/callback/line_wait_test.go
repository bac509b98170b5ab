package callback_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

func withSchedule(w *modelstest.World, s callback.Schedule) {
	w.Rules.Schedule = s
	w.Configure()
}

func TestWhatIsRefusedForGoodHoldsUpNoLine(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for _, status := range []int{400, 413, 415, 422} {
		line := w.NewLine(2)
		before := len(w.Notices())
		w.Deliver(line[0].ID, modelstest.Answered(status))
		c := w.ReadCallback(line[0].ID)
		if c.Status != callback.StatusFailed || c.AttemptCount != 1 || *c.HTTPStatus != status ||
			c.Error.Code != callback.HTTPStatusError {
			t.Errorf("%d: got %+v", status, c)
		}
		w.WantInFront(line[1].ID, w.Clock.Now())
		if notices := w.Notices()[before:]; len(notices) != 1 || modelstest.ReadNotice(t, notices[0]).EventData.WillRetry {
			t.Errorf("%d: %d notices", status, len(notices))
		}
		w.Deliver(line[1].ID, modelstest.Answered(status)) // alone it follows the schedule
		if c := w.ReadCallback(line[1].ID); c.Status != callback.StatusPending {
			t.Errorf("%d, alone: got %+v", status, c)
		}
	}
	for _, status := range []int{404, 401, 429, 500} {
		line := w.NewLine(2)
		w.Deliver(line[0].ID, modelstest.Answered(status))
		if c := w.ReadCallback(line[0].ID); c.Status != callback.StatusPending {
			t.Errorf("%d: got %+v", status, c)
		}
		w.WantHeld(line[1].ID)
	}
}

// What was refused for good while it was alone is tried once more as another lines up, and does not hold it up for
// hours.
func TestWhatWasRefusedForGoodIsTriedAtOnceAsAnotherLinesUp(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	j := w.NewJobs(1)[0]
	head := w.MustChange(j, modelstest.JobCompleted())
	for range 2 {
		w.Deliver(head.ID, modelstest.Answered(422))
	}
	w.Queue.Take()
	next := w.MustChange(j, modelstest.JobEdited(`"boot"`))
	w.WantInFront(head.ID, w.Clock.Now())
	if got := w.Queue.Take(); len(got) != 1 || got[0].Lane != head.Lane {
		t.Errorf("woken: %v", got)
	}
	w.Deliver(head.ID, modelstest.Answered(422))
	modelstest.WantStatus(t, w.ReadCallback(head.ID), callback.StatusFailed)
	w.WantInFront(next.ID, w.Clock.Now())
}

// However long it lasts: who waits behind it would not be sent either.
func TestHeadOfALineDoesNotGiveWayForAShortageOfOurs(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	line := w.NewLine(2)
	w.Deliver(line[0].ID, modelstest.Answered(500))
	w.Clock.Advance(time.Second)
	w.Deliver(w.NewLine(1)[0].ID, modelstest.Answered(200)) // its lane succeeds with others
	w.Clock.Advance(16 * time.Minute)
	modelstest.WantStatus(t, w.Deliver(line[0].ID, modelstest.Unanswered(callback.LocalError)), callback.StatusPending)
	w.WantHeld(line[1].ID)
}

// The head of a line fails; whether it gives way depends on what became of its lane meanwhile.
func TestHeadOfALineGivesWayWhereItsLaneSucceedsWithOthers(t *testing.T) {
	t.Parallel()
	const other = "another job's callback arrives"
	tests := map[string]struct {
		at      map[time.Duration]string // what happens when, since the head has failed for the first time
		gaveWay time.Duration            // 0: it did not
	}{
		"down for everybody":            {nil, 0},
		"succeeds before it has lasted": {map[time.Duration]string{time.Minute: other}, 0},
		"succeeds then and later": {
			map[time.Duration]string{time.Minute: other, 16 * time.Minute: other}, 16 * time.Minute,
		},
		"down for an hour and then for it": {map[time.Duration]string{time.Hour: other}, time.Hour},
		"as soon as it has lasted":         {map[time.Duration]string{14 * time.Minute: other}, 15 * time.Minute},
		"of another lane":                  {map[time.Duration]string{20 * time.Minute: "a crawl's callback arrives"}, 0},
		"fails with others too, and says so": {
			map[time.Duration]string{20 * time.Minute: "another job's callback fails"}, 0,
		},
		"waits alone until an hour has passed": {
			map[time.Duration]string{time.Hour: "it lines up", 70 * time.Minute: other}, 75 * time.Minute,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			withSchedule(w, callback.Schedule{5 * time.Minute, 10 * time.Hour, 10 * time.Hour})
			j := w.NewJobs(1)[0]
			head := w.MustChange(j, modelstest.JobCompleted())
			_, alone := test.at[time.Hour]
			alone = alone && test.at[time.Hour] == "it lines up"
			if !alone {
				w.MustChange(j, modelstest.JobEdited(`"boot"`))
			}
			w.Deliver(head.ID, modelstest.Answered(500))
			began := w.Clock.Now()
			for minute := range 120 {
				since := time.Duration(minute) * time.Minute
				switch test.at[since] {
				case other:
					w.Deliver(w.NewLine(1)[0].ID, modelstest.Answered(200))
				case "another job's callback fails":
					w.Deliver(w.NewLine(1)[0].ID, modelstest.Answered(500))
				case "a crawl's callback arrives":
					w.Deliver(w.NewCallback().ID, modelstest.Answered(200))
				case "it lines up":
					w.MustChange(j, modelstest.JobEdited(`"boot"`))
				}
				w.SweepAtAnyTime()
				if c := w.ReadCallback(head.ID); w.Due(c) {
					w.MustSettle(w.MustClaim(head.ID), modelstest.Answered(500))
				}
				if c := w.ReadCallback(head.ID); c.Status == callback.StatusFailed {
					if since != test.gaveWay {
						t.Errorf("gave way after %s, want %s", since, test.gaveWay)
					}
					return
				}
				w.Clock.Advance(began.Add(since + time.Minute).Sub(w.Clock.Now()))
			}
			if test.gaveWay != 0 {
				t.Error("it did not give way")
			}
		})
	}
}

// resulted makes a run with a bare result that is ready.
func resulted(w *modelstest.World, a *run.Action) (*run.Run, *callback.Callback) {
	w.T.Helper()
	r := w.NewRun(modelstest.Calling(modelstest.RunURL, run.CallbackOnResult))
	for _, e := range w.MustClaimBatches(a, 1) {
		w.MustRecordBatch(e, modelstest.Executed(200, fmt.Sprintf(`{"results":[%d]}`, r.ID)))
	}
	return r, w.CallbacksOfRun(r.ID, callback.RunResultEvent)[0]
}

func TestOlderResultThatHasFailedIsSuperseded(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	wantSuperseded := func(c *callback.Callback) {
		t.Helper()
		if c = w.ReadCallback(c.ID); c.Status != callback.StatusFailed || c.Error.Code != callback.Superseded ||
			c.AttemptCount != 1 || c.FinishedAt == nil {
			t.Errorf("got %+v, %+v", c, c.Error)
		}
	}
	_, first := resulted(w, a)
	w.Deliver(first.ID, modelstest.Answered(500))
	told := len(w.Notices())
	_, second := resulted(w, a) // it waits for its next attempt as a newer one lines up
	wantSuperseded(first)
	w.WantInFront(second.ID, w.Clock.Now())

	_, third := resulted(w, a) // it is on its way, or has not been tried yet, as a newer one lines up
	w.WantHeld(third.ID)
	w.Deliver(second.ID, modelstest.Answered(503))
	wantSuperseded(second)
	w.WantInFront(third.ID, w.Clock.Now())
	if notices := w.Notices(); len(notices) != told {
		t.Errorf("%d notices, had %d", len(notices), told)
	}
	w.Deliver(third.ID, modelstest.Answered(200))

	// A replay supersedes nothing.
	_, fourth := resulted(w, a)
	w.Deliver(fourth.ID, modelstest.Answered(500))
	replay, err := w.Replay(t.Context(), w.Editor, second.ID)
	modelstest.NoError(t, err)
	w.WantHeld(replay.ID)
	w.Deliver(fourth.ID, modelstest.Answered(500))
	modelstest.WantStatus(t, w.ReadCallback(fourth.ID), callback.StatusPending)
}

// What stands between the one that is superseded and the newer one is not the newer one's to send, and does not wait
// for a sweep.
func TestWhatMovesUpBehindASupersededResultIsWoken(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	_, head := resulted(w, a)
	w.Deliver(head.ID, modelstest.Answered(200))
	_, head = resulted(w, a)
	replay, err := w.Replay(t.Context(), w.Editor, w.CallbacksOf(callback.RunResultEvent)[0].ID)
	modelstest.NoError(t, err)
	w.Deliver(head.ID, modelstest.Answered(500))
	w.WantHeld(replay.ID)
	w.Queue.Take()
	_, newer := resulted(w, a)
	w.WantInFront(replay.ID, w.Clock.Now())
	w.WantHeld(newer.ID)
	if got := w.Queue.Take(); !slices.ContainsFunc(got, func(u callback.Wakeup) bool { return u.Lane == replay.Lane }) {
		t.Errorf("woken: %v", got)
	}
}

func TestEarlierRequestsResultSupersedesNoLaterOnes(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	older, newer := w.NewRun(
		modelstest.Calling(modelstest.RunURL, run.CallbackOnResult),
	), w.NewRun(modelstest.Calling(modelstest.RunURL, run.CallbackOnResult))
	claimed := w.MustClaimBatches(a, 2)
	w.MustRecordBatch(claimed[1], modelstest.Results(1, false))
	head := w.CallbacksOfRun(newer.ID, callback.RunResultEvent)[0]
	w.Deliver(head.ID, modelstest.Answered(500))
	w.MustRecordBatch(claimed[0], modelstest.Results(1, false))
	w.WantHeld(w.CallbacksOfRun(older.ID, callback.RunResultEvent)[0].ID)
	modelstest.WantStatus(t, w.ReadCallback(head.ID), callback.StatusPending)
	w.Deliver(head.ID, modelstest.Answered(400)) // which it would say of it always
	modelstest.WantStatus(t, w.ReadCallback(head.ID), callback.StatusFailed)
	w.WantInFront(w.CallbacksOfRun(older.ID, callback.RunResultEvent)[0].ID, w.Clock.Now())
}
