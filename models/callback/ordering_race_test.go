package callback_test

import (
	"database/sql"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// The creator of a callback and the worker that ends one lock the same line, and each of them something more.
func TestChangesOfAJobWhileItsCallbacksFailEndWithoutADeadlock(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	j := w.NewJobs(1)[0]
	last := w.MustChange(j, modelstest.JobCompleted())
	for i := range 30 {
		d := w.MustClaim(last.ID)
		modelstest.AtOnce(2, func(side int) {
			if side == 0 {
				last = tryEdit(w, j, i)
			} else if err := w.Settle(t.Context(), w.Decide(d, modelstest.Answered(410))); err != nil { // with a notice
				t.Error(err)
			}
		})
	}
}

// tryEdit changes a job, in any goroutine.
func tryEdit(w *modelstest.World, j *job.Job, version int) *callback.Callback {
	in := modelstest.JobEdited(strconv.Itoa(version))
	in.JobID = j.ID
	_, c, err := w.UpdateJob(w.T.Context(), w.Platform, in)
	if err != nil {
		w.T.Errorf("edit %d: %v", version, err)
	}
	return c
}

// reader is a pool of the world's database.
func reader(w *modelstest.World) *sql.DB {
	w.T.Helper()
	pools, err := w.Store.Pools()
	modelstest.NoError(w.T, err)
	if read, ok := pools["read"]; ok {
		return read
	}
	return pools["write"]
}

// wantOneInFront checks, in one statement, that of each line with callbacks that have not ended one is not held: with
// none it would be stuck, with two they would overtake each other. It can be called in any goroutine.
func wantOneInFront(w *modelstest.World, db *sql.DB) {
	rows, err := db.QueryContext(w.T.Context(), `SELECT ordering_key, count(CASE WHEN NOT held THEN 1 END), count(*) FROM callbacks
		WHERE ordering_key IS NOT NULL AND finished_at IS NULL GROUP BY ordering_key`)
	if err != nil {
		w.T.Error(err)
		return
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var key string
		var front, all int
		if err := rows.Scan(&key, &front, &all); err != nil || front != 1 {
			w.T.Errorf("line %s has %d callbacks that are not held, of %d; %v", key, front, all, err)
		}
	}
	if err := rows.Err(); err != nil {
		w.T.Error(err)
	}
}

// wantNoneBefore checks that a callback that was claimed is the first of its line. It can be called in any goroutine.
func wantNoneBefore(w *modelstest.World, db *sql.DB, c *callback.Callback) {
	var before int
	err := db.QueryRowContext(w.T.Context(), "SELECT count(*) FROM callbacks WHERE ordering_key = $1 AND id < $2 AND "+
		"finished_at IS NULL",
		c.OrderingKey, c.ID).Scan(&before)
	if err != nil || before > 0 {
		w.T.Errorf("callback %d is sent before %d others of its line; %v", c.ID, before, err)
	}
}

// tryDeliver claims some callbacks of the jobs and lets chance decide what comes of them, in any goroutine.
func tryDeliver(w *modelstest.World, db *sql.DB) {
	deliveries, _, _, err := w.Claim(w.T.Context(), modelstest.Limit(w.Lane(modelstest.JobHost), 2))
	for _, d := range deliveries {
		wantNoneBefore(w, db, d.Callback)
		switch n := rand.IntN(8); {
		case err != nil:
		case n == 0:
			err = w.Settle(w.T.Context(), w.GiveBack(d))
		case n == 1:
			err = w.Settle(w.T.Context(), w.Decide(d, modelstest.Answered(500)))
		case n == 2:
			err = w.Settle(w.T.Context(), w.Decide(d, modelstest.Answered(410)))
		default:
			err = w.Settle(w.T.Context(), w.Decide(d, modelstest.Answered(200)))
		}
	}
	if err != nil {
		w.T.Error(err)
	}
	wantOneInFront(w, db)
}

// tryReplay replays a callback if it may be, in any goroutine.
func tryReplay(w *modelstest.World, c *callback.Callback) {
	if _, err := w.Replay(w.T.Context(), w.Editor, c.ID); err != nil && models.ErrorCode(err) != models.CodeConflict {
		w.T.Errorf("replay: %v", err)
	}
}

func TestLinesNeverStickOrForkWhateverHappensAtOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	db := reader(w)
	jobs := w.NewJobs(3)
	for _, j := range jobs {
		w.MustChange(j, modelstest.JobCompleted())
	}
	const creators, changes, workers = 2, 20, 3
	creating := atomic.Int32{}
	creating.Store(creators)
	modelstest.AtOnce(creators+workers, func(i int) {
		if i >= creators {
			for creating.Load() > 0 {
				tryDeliver(w, db)
				w.Clock.Advance(modelstest.TwoRetries[0])
			}
			return
		}
		defer creating.Add(-1)
		for n := range changes {
			if c := tryEdit(w, jobs[rand.IntN(len(jobs))], i*changes+n); c != nil && rand.IntN(3) == 0 {
				tryReplay(w, c)
			}
			w.SweepAtAnyTime()
		}
	})
	drain(w, db)
	var open int
	modelstest.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM callbacks WHERE ordering_key IS NOT "+
		"NULL AND finished_at IS NULL").Scan(&open))
	if told := len(w.CallbacksOf(callback.JobUpdatedEvent)); open != 0 || told < len(jobs)+creators*changes {
		t.Errorf("%d of %d callbacks have not ended", open, told)
	}
}

// drain delivers what is left of the jobs' callbacks.
func drain(w *modelstest.World, db *sql.DB) {
	w.T.Helper()
	for range 500 {
		w.Clock.Advance(modelstest.TwoRetries[1] + callback.LeaseTime)
		w.MustSweep()
		if due, err := w.CountDue(w.T.Context(), callback.LeasedCallbacks, 0); err != nil || due == len(w.Notices()) {
			modelstest.NoError(w.T, err)
			return
		}
		tryDeliver(w, db)
	}
	w.T.Error("there is no end to it")
}

// Who records a bare result has locked its batch, its run and then the line; who delivers one locks the line first.
func TestBareResultsRecordedWhileOthersAreDeliveredEndWithoutADeadlock(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	db := reader(w)
	const results = 24
	for range results / 8 {
		w.NewRun(modelstest.Inputs(8), modelstest.Calling(modelstest.RunURL, run.CallbackOnResult))
	}
	recorded := atomic.Int32{}
	modelstest.AtOnce(4, func(i int) {
		if i < 2 {
			for {
				claimed, _, _, err := w.Executions.Claim(t.Context(), modelstest.Limit(a.Lane(), 2))
				for _, e := range claimed {
					if err == nil {
						err = w.Executions.Record(t.Context(), e, modelstest.Results(1, false))
					}
					recorded.Add(1)
				}
				if err != nil {
					t.Error(err)
				}
				if len(claimed) == 0 {
					return
				}
			}
		}
		for recorded.Load() < results {
			tryDeliver(w, db)
			w.Clock.Advance(modelstest.TwoRetries[0])
		}
	})
	drain(w, db)
	if told := len(w.CallbacksOf(callback.RunResultEvent)); told != results {
		t.Errorf("%d results were told", told)
	}
	for _, c := range w.CallbacksOf(callback.RunResultEvent) {
		if !c.Status.Ended() {
			t.Errorf("callback %d is %s", c.ID, c.Status)
		}
	}
}
