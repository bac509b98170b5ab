package callback_test

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
)

// purge returns how many callbacks and runs went.
func purge(w *modelstest.World) int {
	w.T.Helper()
	gone := w.MustPurge(callback.Retention{Rows: modelstest.Retention})
	return gone["callbacks"] + gone["runs"]
}

// isGone tells whether a callback and its attempts are no more. One without the other is an error.
func isGone(w *modelstest.World, id int64) bool {
	w.T.Helper()
	_, err := w.Callback(w.T.Context(), w.Platform.Scope(models.RoleViewer), id)
	if err != nil && models.ErrorCode(err) != models.CodeNotFound {
		w.T.Fatal(err)
	}
	if gone := err != nil; gone != (len(w.Attempts(id)) == 0) {
		w.T.Errorf("callback %d is gone: %t, it has %d attempts", id, gone, len(w.Attempts(id)))
	}
	return err != nil
}

func TestPurgeTakesWhatEndedBeforeTheRetention(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	old := w.Deliver(w.NewCallback().ID, modelstest.Answered(200))
	w.Clock.Advance(time.Microsecond)
	younger := w.Deliver(w.NewCallback().ID, modelstest.Answered(200))
	w.Clock.Advance(modelstest.Retention - time.Microsecond)
	if gone := purge(w); gone != 0 || isGone(w, old.ID) {
		t.Fatalf("%d went as old as the retention", gone)
	}
	w.Clock.Advance(time.Microsecond)
	if gone := purge(w); gone != 1 || !isGone(w, old.ID) || isGone(w, younger.ID) {
		t.Errorf("%d went", gone)
	}
}

func TestPurgeNeverTakesWhatHasNotEnded(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	pending, between, running := w.NewCallback(), w.NewCallback(), w.NewCallback()
	modelstest.NoError(t, w.Settle(t.Context(), w.GiveBack(w.MustClaim(pending.ID))))
	w.SetWebhook(nil) // no notices
	w.Deliver(between.ID, modelstest.Answered(500))
	w.Clock.Advance(time.Microsecond)
	w.MustClaim(running.ID)
	w.Clock.Advance(1000 * modelstest.Retention)
	if gone := purge(w); gone != 0 {
		t.Errorf("%d went", gone)
	}
	for _, c := range []*callback.Callback{pending, between, running} {
		if isGone(w, c.ID) {
			t.Errorf("callback %d went", c.ID)
		}
	}
}

func TestPurgeTakesAnOriginalOnlyWhenItsReplaysAndNoticesAreGone(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	original := w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	notice := w.Notices()[0]
	replay, err := w.Replay(t.Context(), w.Editor, original.ID)
	modelstest.NoError(t, err)
	w.Clock.Advance(2 * modelstest.Retention)
	if gone := purge(w); gone != 0 {
		t.Fatalf("%d went while a replay and a notice wait", gone)
	}
	w.Deliver(replay.ID, modelstest.Answered(200))
	w.Clock.Advance(2 * modelstest.Retention)
	purge(w)
	if !isGone(w, replay.ID) || isGone(w, original.ID) {
		t.Error("the notice still waits: its cause must be there")
	}
	w.Deliver(notice.ID, modelstest.Answered(200))
	w.Clock.Advance(2 * modelstest.Retention)
	purge(w) // in its second batch, once the last of those that point at it has gone
	if !isGone(w, notice.ID) || !isGone(w, original.ID) {
		t.Error("the original stayed when nothing pointed at it any more")
	}
}

func TestPurgeGoesOnBatchByBatchUntilNothingIsLeft(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	const callbacks = 1001 // two full batches and one more
	w.MoreCallbacks(w.NewCallback(), modelstest.ProjectHost, callbacks-1)
	w.Clock.Advance(time.Second)
	at := w.Clock.Now()
	modelstest.NoError(t, w.Store.Transaction(t.Context(), func(tx *store.Store) error {
		claimed, err := tx.ClaimDue(
			t.Context(), modelstest.Limit(w.Lane(modelstest.ProjectHost), callbacks), at, at.Add(callback.LeaseTime),
		)
		for _, c := range claimed {
			c.Status, c.FinishedAt, c.LeaseUntil = callback.StatusSuccess, &at, nil
		}
		if err == nil {
			_, err = tx.SettleCallbacks(t.Context(), claimed...)
		}
		return err
	}))
	w.Clock.Advance(modelstest.Retention + time.Microsecond)
	if gone := purge(w); gone != callbacks {
		t.Errorf("%d went, want %d", gone, callbacks)
	}
	if left := len(w.CallbacksOf(callback.CrawlFinishedEvent)); left != 0 {
		t.Errorf("%d are left", left)
	}
}

func TestPurgeThatFailsSaysSo(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	modelstest.NoError(t, w.Store.Close())
	if gone, err := w.Purge(t.Context(), callback.Retention{Rows: modelstest.Retention}); err == nil ||
		!maps.Equal(gone, callback.Purged{}) {
		t.Errorf("got %+v, %v", gone, err)
	}
}

// uncounting is the database as the release before uses it: that counts no replay.
type uncounting struct{ callback.ReplayTx }

func (uncounting) CountReplays(context.Context, map[int64]int) error { return nil }

func TestReplayAfterAPurgedOneHasTheNextNumber(t *testing.T) {
	t.Parallel()
	for _, purged := range []int{1, 2} {
		for name, replayed := range map[string]func(w *modelstest.World) *callback.Service{
			"counted": func(w *modelstest.World) *callback.Service { return w.Service },
			"by the release before": func(w *modelstest.World) *callback.Service {
				return w.ServiceOn(func(db *callback.Ports) {
					db.InReplayTx = modelstest.Through(
						db.InReplayTx, func(tx callback.ReplayTx) callback.ReplayTx { return uncounting{tx} },
					)
				})
			},
		} {
			t.Run(fmt.Sprintf("number %d, %s", purged, name), func(t *testing.T) {
				t.Parallel()
				w := modelstest.NewWorld(t)
				w.SetWebhook(nil) // no notice
				original := w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
				var replays []*callback.Callback
				for range 2 {
					replay, err := replayed(w).Replay(t.Context(), w.Editor, original.ID)
					modelstest.NoError(t, err)
					replays = append(replays, replay)
				}
				gone, stays := replays[purged-1], replays[2-purged]
				endOnly(w, gone)
				w.Clock.Advance(modelstest.Retention + time.Microsecond)
				if purge(w); !isGone(w, gone.ID) || isGone(w, original.ID) {
					t.Fatal("the replay that has ended goes, and nothing else")
				}
				w.Deliver(stays.ID, modelstest.Answered(200))
				third, err := w.Replay(t.Context(), w.Editor, original.ID)
				modelstest.NoError(t, err)
				if n := callback.ReplayNumber(third.DedupKey); n != 3 {
					t.Errorf("it is number %d", n)
				}
				w.Deliver(third.ID, modelstest.Answered(200))
				_, err = w.Replay(t.Context(), w.Editor, original.ID)
				modelstest.WantError(t, err, models.CodeConflict, "callbackId")
			})
		}
	}
}

// endOnly ends a callback that waits, whoever waits before it.
func endOnly(w *modelstest.World, c *callback.Callback) {
	w.T.Helper()
	for _, d := range w.ClaimLane(c.Lane, 100) {
		if d.Callback.ID == c.ID {
			w.MustSettle(d, modelstest.Answered(200))
		} else {
			modelstest.NoError(w.T, w.Settle(w.T.Context(), w.GiveBack(d)))
		}
	}
}
