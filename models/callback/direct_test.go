package callback_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
)

// startedCallback is one that was started with its creation.
func startedCallback(w *modelstest.World) *callback.Delivery {
	w.T.Helper()
	w.Queue.Room++
	w.NewCallback()
	started := w.TakeStarted(0)
	if len(started) != 1 {
		w.T.Fatalf("%d are started", len(started))
	}
	return started[0]
}

func TestCallbackStartsWithItsCreationWhereThereIsRoom(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.Queue.Room = 1
	_, accepted, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(1))
	modelstest.NoError(t, err)
	if accepted.Status != callback.StatusPending || accepted.AttemptCount != 0 || accepted.NextAttemptAt == nil {
		t.Errorf("accepted as %+v", accepted)
	}
	if woken := w.Queue.Take(); len(woken) != 0 {
		t.Errorf("what is started is woken: %v", woken)
	}
	d := w.TakeStarted(0)[0]
	c := w.ReadCallback(accepted.ID)
	modelstest.WantStatus(t, c, callback.StatusRunning)
	modelstest.WantFitting(t, c)
	if attempts := w.Attempts(c.ID); len(attempts) != 1 || attempts[0].UID != d.Attempt.UID || c.AttemptCount != 1 ||
		!c.LeaseUntil.Equal(w.Clock.Now().Add(callback.LeaseTime)) {
		t.Errorf("got %+v with the attempts %v", c, w.Attempts(c.ID))
	}
	if d.Target.URL != modelstest.ProjectURL || d.Callback == accepted {
		t.Errorf("started to %q, with the accepted callback itself: %t", d.Target.URL, d.Callback == accepted)
	}
	headers, err := d.Headers("Ringback", w.Clock.Now())
	modelstest.NoError(t, err)
	claimed, _, _, err := w.Claim(t.Context(), modelstest.Limit(w.Lane(modelstest.ProjectHost), 1))
	modelstest.NoError(t, err)
	if len(claimed) != 0 {
		t.Error("it can be claimed too")
	}
	w.MustSettle(d, modelstest.Answered(http.StatusInternalServerError))
	w.Clock.Advance(modelstest.TwoRetries[0])
	again, err := w.MustClaim(c.ID).Headers("Ringback", w.Clock.Now())
	modelstest.NoError(t, err)
	for name := range again {
		if headers.Get(name) == "" {
			t.Errorf("the header %s is missing", name)
		}
	}
	if headers.Get("webhook-signature") == "" {
		t.Error("it is not signed")
	}
}

// uncommitted are transactions that do not come to their end.
func uncommitted(w *modelstest.World, end func() error) models.InTx[crawl.Store] {
	return func(ctx context.Context, f func(crawl.Store) error) error {
		return w.Store.InCrawlTx(ctx, func(tx crawl.Store) error {
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
			w := modelstest.NewWorld(t)
			w.Queue.Room = 3
			if _, _, err := w.CrawlsOn(w.Service, uncommitted(w, end)).FinishCrawl(
				t.Context(), w.Platform, w.CrawlEnd(1),
			); err == nil {
				t.Error("there is no error")
			}
			if started := w.TakeStarted(3); len(started) != 0 || len(w.Queue.Take()) != 0 ||
				len(w.CallbacksOf(callback.CrawlFinishedEvent)) != 0 {
				t.Errorf("started: %v", started)
			}
			_, _, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(1))
			modelstest.NoError(t, err)
			if n := len(w.TakeStarted(2)); n != 1 {
				t.Errorf("%d are started", n)
			}
		})
	}
}

func TestStartedCallbackOfAWorkerThatDiedIsFoundWhenItsLeaseHasRunOut(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	lost := startedCallback(w)
	w.Clock.Advance(callback.LeaseTime)
	w.SweptByOthers()
	_, _, err := w.Sweep(t.Context())
	modelstest.NoError(t, err)
	c := w.ReadCallback(lost.Callback.ID)
	modelstest.WantStatus(t, c, callback.StatusPending)
	if a := w.Attempts(c.ID); len(a) != 1 || a[0].Error == nil || a[0].Error.Code != callback.Interrupted {
		t.Errorf("the attempts are %v", a)
	}
	w.MustSettle(w.MustClaim(c.ID), modelstest.Answered(http.StatusOK))
	modelstest.WantStatus(t, w.ReadCallback(c.ID), callback.StatusSuccess)
}

func TestStartedCallbackCanBeReleased(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	d := startedCallback(w)
	w.Clock.Advance(time.Second)
	w.MustRelease(d)
	c := w.ReadCallback(d.Callback.ID)
	modelstest.WantStatus(t, c, callback.StatusPending)
	if c.AttemptCount != 0 || len(w.Attempts(c.ID)) != 0 {
		t.Errorf("got %+v with the attempts %v", c, w.Attempts(c.ID))
	}
}
