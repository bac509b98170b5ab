package models_test

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

const retention = 30 * 24 * time.Hour

func (w *world) purged(keep models.Retention) models.Purged {
	w.t.Helper()
	gone, err := w.Purge(w.t.Context(), keep)
	noError(w.t, err)
	return gone
}

// purge returns how many callbacks and runs went.
func (w *world) purge() int {
	w.t.Helper()
	gone := w.purged(models.Retention{Rows: retention})
	return gone["callbacks"] + gone["runs"]
}

// isGone tells whether a callback and its attempts are no more. One without the other is an error.
func (w *world) isGone(id int64) bool {
	w.t.Helper()
	_, err := w.Callback(w.t.Context(), w.platform, id)
	if err != nil && models.ErrorCode(err) != models.CodeNotFound {
		w.t.Fatal(err)
	}
	if gone := err != nil; gone != (len(w.attempts(id)) == 0) {
		w.t.Errorf("callback %d is gone: %t, it has %d attempts", id, gone, len(w.attempts(id)))
	}
	return err != nil
}

func TestPurgeTakesWhatEndedBeforeTheRetention(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.deliver(w.raised().ID, answered(200))
	w.clock.advance(time.Microsecond)
	younger := w.deliver(w.raised().ID, answered(200))
	w.clock.advance(retention - time.Microsecond)
	if gone := w.purge(); gone != 0 || w.isGone(old.ID) {
		t.Fatalf("%d went as old as the retention", gone)
	}
	w.clock.advance(time.Microsecond)
	if gone := w.purge(); gone != 1 || !w.isGone(old.ID) || w.isGone(younger.ID) {
		t.Errorf("%d went", gone)
	}
}

func TestPurgeNeverTakesWhatHasNotEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pending, between, running := w.raised(), w.raised(), w.raised()
	noError(t, w.Settle(t.Context(), w.GiveBack(w.claim(pending.ID))))
	w.setWebhook(nil) // no notices
	w.deliver(between.ID, answered(500))
	w.clock.advance(time.Microsecond)
	w.claim(running.ID)
	w.clock.advance(1000 * retention)
	if gone := w.purge(); gone != 0 {
		t.Errorf("%d went", gone)
	}
	for _, c := range []*models.Callback{pending, between, running} {
		if w.isGone(c.ID) {
			t.Errorf("callback %d went", c.ID)
		}
	}
}

// setWebhook changes where notices go.
func (w *world) setWebhook(url *string) {
	w.t.Helper()
	_, err := w.UpdateSSOClient(w.t.Context(), w.platform, models.SSOClientUpdate{
		SSOClientID: w.client.ID, Webhook: models.EndpointUpdate{URL: models.Given(url)},
	})
	noError(w.t, err)
}

func TestPurgeTakesAnOriginalOnlyWhenItsReplaysAndNoticesAreGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	original := w.deliver(w.raised().ID, answered(410))
	notice := w.notices()[0]
	replay, err := w.ReplayCallback(t.Context(), w.editor, original.ID)
	noError(t, err)
	w.clock.advance(2 * retention)
	if gone := w.purge(); gone != 0 {
		t.Fatalf("%d went while a replay and a notice wait", gone)
	}
	w.deliver(replay.ID, answered(200))
	w.clock.advance(2 * retention)
	w.purge()
	if !w.isGone(replay.ID) || w.isGone(original.ID) {
		t.Error("the notice still waits: its cause must be there")
	}
	w.deliver(notice.ID, answered(200))
	w.clock.advance(2 * retention)
	w.purge() // in its second batch, once the last of those that point at it has gone
	if !w.isGone(notice.ID) || !w.isGone(original.ID) {
		t.Error("the original stayed when nothing pointed at it any more")
	}
}

func TestPurgeGoesOnBatchByBatchUntilNothingIsLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const callbacks = 1001 // two full batches and one more
	w.waiting(w.raised(), projectHost, callbacks-1)
	w.clock.advance(time.Second)
	at := w.clock.now()
	noError(t, w.store.InTx(t.Context(), func(tx models.Store) error {
		claimed, err := tx.ClaimDue(t.Context(), of(w.lane(projectHost), callbacks), at, at.Add(models.LeaseTime))
		for _, c := range claimed {
			c.Status, c.FinishedAt, c.LeaseUntil = models.StatusSuccess, &at, nil
		}
		if err == nil {
			_, err = tx.SettleCallbacks(t.Context(), claimed...)
		}
		return err
	}))
	w.clock.advance(retention + time.Microsecond)
	if gone := w.purge(); gone != callbacks {
		t.Errorf("%d went, want %d", gone, callbacks)
	}
	if left := len(w.callbacks(models.CrawlFinishedEvent)); left != 0 {
		t.Errorf("%d are left", left)
	}
}

func TestPurgeThatFailsSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	noError(t, w.store.Close())
	if gone, err := w.Purge(t.Context(), models.Retention{Rows: retention}); err == nil || !maps.Equal(gone, models.Purged{}) {
		t.Errorf("got %+v, %v", gone, err)
	}
}

// left counts what is left of a run: the run itself, its inputs, its batches and their attempts.
func (w *world) left(runID int64, batches []*models.Batch) int {
	w.t.Helper()
	ids, inputIDs := make([]int64, len(batches)), make([]int64, len(batches))
	for i, b := range batches {
		ids[i], inputIDs[i] = b.ID, b.InputID
	}
	runs, err := w.Runs(w.t.Context(), w.platform, runID)
	noError(w.t, err)
	found, err := w.Batches(w.t.Context(), w.platform, ids...)
	noError(w.t, err)
	attempts, err := w.BatchAttempts(w.t.Context(), w.platform, ids...)
	noError(w.t, err)
	inputs, err := w.store.RunInputs(w.t.Context(), inputIDs...)
	noError(w.t, err)
	return len(runs) + len(found) + len(attempts) + len(inputs)
}

func TestPurgeTakesRunsThatEndedBeforeTheRetentionWithAllThatIsTheirs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setTarget(w.project, nil) // no callbacks
	a := w.newAction()
	run := func() (*models.Run, []*models.Batch) {
		r := w.newRun(inputs(2))
		w.execute(a, func(*models.Execution) models.Outcome { return found(1, false) })
		return r, w.batches(r.ID)
	}
	old, oldBatches := run()
	stopped := w.stop(w.newRun())
	w.clock.advance(time.Microsecond)
	younger, youngerBatches := run()
	atWork := w.newRun()
	w.claimBatches(a, 1)
	waiting := w.newRun()
	scheduled := w.newRun(func(in *models.NewRun) { in.Schedule = &models.NewSchedule{At: new(start.Add(1000 * retention))} })
	w.clock.advance(retention - time.Microsecond)
	if gone := w.purge(); gone != 0 {
		t.Fatalf("%d went as old as the retention", gone)
	}
	w.clock.advance(time.Microsecond)
	if gone := w.purge(); gone != 2 || w.left(old.ID, oldBatches) != 0 || w.left(stopped.ID, nil) != 0 || w.left(younger.ID, youngerBatches) != 7 {
		t.Errorf("%d went; %d, %d and %d are left", gone, w.left(old.ID, oldBatches), w.left(stopped.ID, nil), w.left(younger.ID, youngerBatches))
	}
	w.clock.advance(500 * retention)
	if gone := w.purge(); gone != 1 {
		t.Errorf("%d went", gone)
	}
	for _, r := range []*models.Run{atWork, waiting, scheduled} {
		if w.run(r.ID).FinishedAt != nil {
			t.Errorf("got %+v", r)
		}
	}
}

func TestPurgeTakesARunOnlyWhenItsCallbacksAreGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun()
	w.execute(a, func(*models.Execution) models.Outcome { return found(1, false) })
	batches := w.batches(run.ID)
	told, final := w.told(run.ID, models.RunBatchFinishedEvent)[0], w.told(run.ID, models.RunFinishedEvent)[0]
	for _, d := range w.claimLane(w.lane(projectHost), 2) {
		if d.Callback.ID == told.ID {
			w.record(d, answered(200))
		}
	}
	w.clock.advance(2 * retention)
	if gone := w.purge(); gone != 1 || !w.isGone(told.ID) || w.left(run.ID, batches) != 4 {
		t.Fatalf("%d went while the final callback has not ended", gone)
	}
	w.sweep()
	w.deliver(final.ID, answered(200))
	w.clock.advance(2 * retention)
	if gone := w.purge(); gone != 2 || w.left(run.ID, batches) != 0 {
		t.Errorf("%d went; %d are left", gone, w.left(run.ID, batches))
	}
}

// uncounting is the store as the release before uses it: it counts no replay.
type uncounting struct{ models.Store }

func (u uncounting) InTx(ctx context.Context, f func(models.Store) error) error {
	return u.Store.InTx(ctx, func(tx models.Store) error { return f(uncounting{tx}) })
}

func (uncounting) CountReplays(context.Context, map[int64]int) error { return nil }

func TestReplayAfterAPurgedOneHasTheNextNumber(t *testing.T) {
	t.Parallel()
	for _, purged := range []int{1, 2} {
		for name, replayed := range map[string]func(w *world) *models.Service{
			"counted":               func(w *world) *models.Service { return w.Service },
			"by the release before": func(w *world) *models.Service { return w.on(uncounting{w.store}) },
		} {
			t.Run(fmt.Sprintf("number %d, %s", purged, name), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.setWebhook(nil) // no notice
				original := w.deliver(w.raised().ID, answered(410))
				var replays []*models.Callback
				for range 2 {
					replay, err := replayed(w).ReplayCallback(t.Context(), w.editor, original.ID)
					noError(t, err)
					replays = append(replays, replay)
				}
				gone, stays := replays[purged-1], replays[2-purged]
				w.endOnly(gone)
				w.clock.advance(retention + time.Microsecond)
				if w.purge(); !w.isGone(gone.ID) || w.isGone(original.ID) {
					t.Fatal("the replay that has ended goes, and nothing else")
				}
				w.deliver(stays.ID, answered(200))
				third, err := w.ReplayCallback(t.Context(), w.editor, original.ID)
				noError(t, err)
				if n := models.ReplayNumber(third.DedupKey); n != 3 {
					t.Errorf("it is number %d", n)
				}
				w.deliver(third.ID, answered(200))
				_, err = w.ReplayCallback(t.Context(), w.editor, original.ID)
				wantError(t, err, models.CodeConflict, "callbackId")
			})
		}
	}
}

// endOnly ends a callback that waits, whoever waits before it.
func (w *world) endOnly(c *models.Callback) {
	w.t.Helper()
	for _, d := range w.claimLane(c.Lane, 100) {
		if d.Callback.ID == c.ID {
			w.record(d, answered(200))
		} else {
			noError(w.t, w.Settle(w.t.Context(), w.GiveBack(d)))
		}
	}
}
