package models_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/crawl"
)

// starts returns what was started since the last call, and fails where what was reserved is not as it should be.
func (w *world) starts(room int) []*models.Delivery {
	w.t.Helper()
	w.queue.mu.Lock()
	defer w.queue.mu.Unlock()
	if w.queue.room != room || w.queue.kept != 0 {
		w.t.Errorf("there is room for %d, want %d, and %d reservations are open", w.queue.room, room, w.queue.kept)
	}
	started := w.queue.started
	w.queue.started = nil
	return started
}

// startedCallback is one that was started with its creation.
func (w *world) startedCallback() *models.Delivery {
	w.t.Helper()
	w.queue.room++
	w.raised()
	started := w.starts(0)
	if len(started) != 1 {
		w.t.Fatalf("%d are started", len(started))
	}
	return started[0]
}

func TestCallbackStartsWithItsCreationWhereThereIsRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue.room = 1
	_, accepted, err := w.FinishCrawl(t.Context(), w.platform, w.ended(1))
	noError(t, err)
	if accepted.Status != models.StatusPending || accepted.AttemptCount != 0 || accepted.NextAttemptAt == nil {
		t.Errorf("accepted as %+v", accepted)
	}
	if woken := w.queue.take(); len(woken) != 0 {
		t.Errorf("what is started is woken: %v", woken)
	}
	d := w.starts(0)[0]
	c := w.callback(accepted.ID)
	wantStatus(t, c, models.StatusRunning)
	wantFitting(t, c)
	if attempts := w.attempts(c.ID); len(attempts) != 1 || attempts[0].UID != d.Attempt.UID || c.AttemptCount != 1 ||
		!c.LeaseUntil.Equal(w.clock.now().Add(models.LeaseTime)) {
		t.Errorf("got %+v with the attempts %v", c, w.attempts(c.ID))
	}
	if d.Target.URL != projectURL || d.Callback == accepted {
		t.Errorf("started to %q, with the accepted callback itself: %t", d.Target.URL, d.Callback == accepted)
	}
	headers, err := d.Headers("Ringback", w.clock.now())
	noError(t, err)
	claimed, _, _, err := w.Claim(t.Context(), of(w.lane(projectHost), 1))
	noError(t, err)
	if len(claimed) != 0 {
		t.Error("it can be claimed too")
	}
	w.record(d, answered(http.StatusInternalServerError))
	w.clock.advance(twoRetries[0])
	again, err := w.claim(c.ID).Headers("Ringback", w.clock.now())
	noError(t, err)
	for name := range again {
		if headers.Get(name) == "" {
			t.Errorf("the header %s is missing", name)
		}
	}
	if headers.Get("webhook-signature") == "" {
		t.Error("it is not signed")
	}
}

func TestCallbacksBeyondTheRoomWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	elsewhere := w.newProject(w.account, new("https://elsewhere.example/hook"))
	away := w.ended(4)
	away.ProjectID = &elsewhere.ID
	w.queue.room = 2
	heard, _ := w.together(w.store.InCrawlTx, w.ended(1), w.ended(2), w.ended(3), away, w.ended(1))
	if n := len(w.starts(0)); n != 2 {
		t.Errorf("%d are started", n)
	}
	pending := 0
	for _, h := range heard[:4] {
		noError(t, h.Err)
		wantStatus(t, h.Callback, models.StatusPending)
		if w.due(w.callback(h.Callback.ID)) {
			pending++
		}
	}
	if woken := len(w.queue.take()); pending != 2 || woken != 2 {
		t.Errorf("%d wait, %d of them are woken", pending, woken)
	}
}

// uncommitted are transactions that do not come to their end.
func (w *world) uncommitted(end func() error) models.InTx[crawl.Store] {
	return func(ctx context.Context, f func(crawl.Store) error) error {
		return w.store.InCrawlTx(ctx, func(tx crawl.Store) error {
			if err := f(tx); err != nil {
				return err
			}
			return end()
		})
	}
}

func TestNothingIsStartedWithoutItsCommit(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func() error{
		"an error": func() error { return errors.New("no commit") },
		"a panic":  func() error { panic("no commit") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.queue.room = 3
			if _, _, err := w.crawlsOn(w.Service, w.uncommitted(end)).FinishCrawl(t.Context(), w.platform, w.ended(1)); err == nil {
				t.Error("there is no error")
			}
			if started := w.starts(3); len(started) != 0 || len(w.queue.take()) != 0 || len(w.callbacks(models.CrawlFinishedEvent)) != 0 {
				t.Errorf("started: %v", started)
			}
			_, _, err := w.FinishCrawl(t.Context(), w.platform, w.ended(1))
			noError(t, err)
			if n := len(w.starts(2)); n != 1 {
				t.Errorf("%d are started", n)
			}
		})
	}
}

func TestStartedCallbackOfAWorkerThatDiedIsFoundWhenItsLeaseHasRunOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lost := w.startedCallback()
	w.clock.advance(models.LeaseTime)
	w.swept()
	_, _, err := w.Sweep(t.Context())
	noError(t, err)
	c := w.callback(lost.Callback.ID)
	wantStatus(t, c, models.StatusPending)
	if a := w.attempts(c.ID); len(a) != 1 || a[0].Error == nil || a[0].Error.Code != models.Interrupted {
		t.Errorf("the attempts are %v", a)
	}
	w.record(w.claim(c.ID), answered(http.StatusOK))
	wantStatus(t, w.callback(c.ID), models.StatusSuccess)
}

func TestStartedCallbackCanBeReleased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.startedCallback()
	w.clock.advance(time.Second)
	w.release(d)
	c := w.callback(d.Callback.ID)
	wantStatus(t, c, models.StatusPending)
	if c.AttemptCount != 0 || len(w.attempts(c.ID)) != 0 {
		t.Errorf("got %+v with the attempts %v", c, w.attempts(c.ID))
	}
}
