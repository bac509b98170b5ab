package models_test

import (
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

const retention = 30 * 24 * time.Hour

func (w *world) purge() int {
	w.t.Helper()
	gone, err := w.Purge(w.t.Context(), retention)
	noError(w.t, err)
	return gone
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
	noError(t, w.Interrupt(t.Context(), w.claim(pending.ID)))
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
		claimed, err := tx.ClaimDue(t.Context(), projectHost, at, at.Add(models.LeaseTime), callbacks)
		for _, c := range claimed {
			c.Status, c.FinishedAt, c.LeaseUntil = models.StatusSuccess, &at, nil
			if _, err := tx.SettleCallback(t.Context(), c); err != nil {
				return err
			}
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
	if gone, err := w.Purge(t.Context(), retention); err == nil || gone != 0 {
		t.Errorf("got %d, %v", gone, err)
	}
}
