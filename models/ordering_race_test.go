package models_test

import (
	"database/sql"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
)

// The creator of a callback and the worker that ends one lock the same line, and each of them something more.
func TestChangesOfAJobWhileItsCallbacksFailEndWithoutADeadlock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	j := w.newJobs(1)[0]
	last := w.change(j, completed())
	for i := range 30 {
		d := w.claim(last.ID)
		atOnce(2, func(side int) {
			if side == 0 {
				last = w.tryEdit(j, i)
			} else if err := w.Settle(t.Context(), w.Decide(d, answered(410))); err != nil { // with a notice
				t.Error(err)
			}
		})
	}
}

// tryEdit changes a job, in any goroutine.
func (w *world) tryEdit(j *job.Job, version int) *models.Callback {
	in := edited(strconv.Itoa(version))
	in.JobID = j.ID
	_, c, err := w.UpdateJob(w.t.Context(), w.platform, in)
	if err != nil {
		w.t.Errorf("edit %d: %v", version, err)
	}
	return c
}

// reader is a pool of the world's database.
func (w *world) reader() *sql.DB {
	w.t.Helper()
	pools, err := w.store.Pools()
	noError(w.t, err)
	if read, ok := pools["read"]; ok {
		return read
	}
	return pools["write"]
}

// wantOneInFront checks, in one statement, that of each line with callbacks that have not ended one is not held: with none it
// would be stuck, with two they would overtake each other. It can be called in any goroutine.
func (w *world) wantOneInFront(db *sql.DB) {
	rows, err := db.QueryContext(w.t.Context(), `SELECT ordering_key, count(CASE WHEN NOT held THEN 1 END), count(*) FROM callbacks
		WHERE ordering_key IS NOT NULL AND finished_at IS NULL GROUP BY ordering_key`)
	if err != nil {
		w.t.Error(err)
		return
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var key string
		var front, all int
		if err := rows.Scan(&key, &front, &all); err != nil || front != 1 {
			w.t.Errorf("line %s has %d callbacks that are not held, of %d; %v", key, front, all, err)
		}
	}
	if err := rows.Err(); err != nil {
		w.t.Error(err)
	}
}

// wantNoneBefore checks that a callback that was claimed is the first of its line. It can be called in any goroutine.
func (w *world) wantNoneBefore(db *sql.DB, c *models.Callback) {
	var before int
	err := db.QueryRowContext(w.t.Context(), "SELECT count(*) FROM callbacks WHERE ordering_key = $1 AND id < $2 AND finished_at IS NULL",
		c.OrderingKey, c.ID).Scan(&before)
	if err != nil || before > 0 {
		w.t.Errorf("callback %d is sent before %d others of its line; %v", c.ID, before, err)
	}
}

// tryDeliver claims some callbacks of the jobs and lets chance decide what comes of them, in any goroutine.
func (w *world) tryDeliver(db *sql.DB) {
	deliveries, _, _, err := w.Claim(w.t.Context(), of(w.lane(jobHost), 2))
	for _, d := range deliveries {
		w.wantNoneBefore(db, d.Callback)
		switch n := rand.IntN(8); {
		case err != nil:
		case n == 0:
			err = w.Settle(w.t.Context(), w.GiveBack(d))
		case n == 1:
			err = w.Settle(w.t.Context(), w.Decide(d, answered(500)))
		case n == 2:
			err = w.Settle(w.t.Context(), w.Decide(d, answered(410)))
		default:
			err = w.Settle(w.t.Context(), w.Decide(d, answered(200)))
		}
	}
	if err != nil {
		w.t.Error(err)
	}
	w.wantOneInFront(db)
}

// tryReplay replays a callback if it may be, in any goroutine.
func (w *world) tryReplay(c *models.Callback) {
	if _, err := w.ReplayCallback(w.t.Context(), w.editor, c.ID); err != nil && models.ErrorCode(err) != models.CodeConflict {
		w.t.Errorf("replay: %v", err)
	}
}

func TestLinesNeverStickOrForkWhateverHappensAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	db := w.reader()
	jobs := w.newJobs(3)
	for _, j := range jobs {
		w.change(j, completed())
	}
	const creators, changes, workers = 2, 20, 3
	creating := atomic.Int32{}
	creating.Store(creators)
	atOnce(creators+workers, func(i int) {
		if i >= creators {
			for creating.Load() > 0 {
				w.tryDeliver(db)
				w.clock.advance(twoRetries[0])
			}
			return
		}
		defer creating.Add(-1)
		for n := range changes {
			if c := w.tryEdit(jobs[rand.IntN(len(jobs))], i*changes+n); c != nil && rand.IntN(3) == 0 {
				w.tryReplay(c)
			}
			w.sweepAtAnyTime()
		}
	})
	w.drain(db)
	var open int
	noError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM callbacks WHERE ordering_key IS NOT NULL AND finished_at IS NULL").Scan(&open))
	if told := len(w.callbacks(models.JobUpdatedEvent)); open != 0 || told < len(jobs)+creators*changes {
		t.Errorf("%d of %d callbacks have not ended", open, told)
	}
}

// sweepAtAnyTime interrupts what others have in hand, when the clock has gone on far enough.
func (w *world) sweepAtAnyTime() {
	w.swept()
	if _, _, err := w.Sweep(w.t.Context()); err != nil {
		w.t.Error(err)
	}
}

// drain delivers what is left of the jobs' callbacks.
func (w *world) drain(db *sql.DB) {
	w.t.Helper()
	for range 500 {
		w.clock.advance(twoRetries[1] + models.LeaseTime)
		w.sweep()
		if due, err := w.CountDue(w.t.Context(), models.LeasedCallbacks, 0); err != nil || due == len(w.notices()) {
			noError(w.t, err)
			return
		}
		w.tryDeliver(db)
	}
	w.t.Error("there is no end to it")
}

// Who records a bare result has locked its batch, its run and then the line; who delivers one locks the line first.
func TestBareResultsRecordedWhileOthersAreDeliveredEndWithoutADeadlock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	db := w.reader()
	const results = 24
	for range results / 8 {
		w.newRun(inputs(8), calling(runURL, models.CallbackOnResult))
	}
	recorded := atomic.Int32{}
	atOnce(4, func(i int) {
		if i < 2 {
			for {
				claimed, _, _, err := w.ClaimBatches(t.Context(), of(a.Lane(), 2))
				for _, e := range claimed {
					if err == nil {
						err = w.RecordBatch(t.Context(), e, found(1, false))
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
			w.tryDeliver(db)
			w.clock.advance(twoRetries[0])
		}
	})
	w.drain(db)
	if told := len(w.callbacks(models.RunResultEvent)); told != results {
		t.Errorf("%d results were told", told)
	}
	for _, c := range w.callbacks(models.RunResultEvent) {
		if !c.Status.Ended() {
			t.Errorf("callback %d is %s", c.ID, c.Status)
		}
	}
}
