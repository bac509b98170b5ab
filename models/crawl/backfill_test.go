package crawl_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
)

// withoutURL makes crawls and report downloads end while there is no URL, and then sets one.
func withoutURL(w *modelstest.World, crawls, reports int) {
	w.T.Helper()
	w.SetURL(nil)
	for i := range crawls {
		_, c, err := w.FinishCrawl(w.T.Context(), w.Platform, w.CrawlEnd(int64(1000+i)))
		if modelstest.NoError(w.T, err); c != nil {
			w.T.Fatal("there is a URL")
		}
	}
	for i := range reports {
		_, _, err := w.FinishReportDownload(w.T.Context(), w.Platform, crawl.ReportDownloadEnd{
			ReportDownloadID: int64(5000 + i), CrawlID: new(int64(1000)), ReportTemplateCode: new("all_pages"),
			FileURL: "https://files.example/1",
		})
		modelstest.NoError(w.T, err)
	}
	failed := w.CrawlEnd(900)
	failed.Status = crawl.Failed
	_, _, err := w.FinishCrawl(w.T.Context(), w.Platform, failed)
	modelstest.NoError(w.T, err)
	w.SetURL(new(modelstest.ProjectURL))
}

func backfilled(w *modelstest.World, since time.Time) crawl.Backfilled {
	w.T.Helper()
	made, err := w.Backfill(w.T.Context(), w.Editor, crawl.ToBackfill{ProjectID: w.Shop.ID, Since: since})
	modelstest.NoError(w.T, err)
	return made
}

func TestWhatEndedWithoutAURLGetsItsCallbackOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	before := w.NewCallback()
	since := w.Clock.Now()
	withoutURL(w, 3, 2)
	w.Queue.Take()
	if made := backfilled(w, since); made != (crawl.Backfilled{Created: 5, Skipped: 1}) {
		t.Errorf("made %+v", made)
	}
	if woken := w.Queue.Take(); len(woken) != 5 {
		t.Errorf("woken: %+v", woken)
	}
	if made := backfilled(w, since); made != (crawl.Backfilled{Skipped: 6}) {
		t.Errorf("again: %+v", made)
	}
	for event, want := range map[callback.EventName]int{
		callback.CrawlFinishedEvent: 4, callback.ReportDownloadGeneratedEvent: 2,
	} {
		if all := w.CallbacksOf(event); len(all) != want {
			t.Errorf("%d callbacks of %s", len(all), event)
		}
	}
	_, c, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(1000))
	if modelstest.NoError(t, err); c == nil || c.ID == before.ID {
		t.Errorf("told again, the crawl has %+v", c)
	}
	w.MustSettle(w.MustClaim(c.ID), modelstest.Answered(200))
}

func TestBackfillLooksBackNoFurtherThanItIsAskedTo(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	withoutURL(w, 2, 1)
	w.Clock.Advance(time.Hour)
	if made := backfilled(w, w.Clock.Now().Add(-time.Minute)); made != (crawl.Backfilled{}) {
		t.Errorf("made %+v", made)
	}
}

func TestBackfillsAtOnceMakeEachCallbackOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	withoutURL(w, 20, 10)
	var created, skipped atomic.Int64
	since := w.Clock.Now()
	modelstest.AtOnce(4, func(int) {
		made, err := w.Backfill(t.Context(), w.Editor, crawl.ToBackfill{ProjectID: w.Shop.ID, Since: since})
		if err != nil {
			t.Error(err)
		}
		created.Add(int64(made.Created))
		skipped.Add(int64(made.Skipped))
	})
	if created.Load() != 30 || skipped.Load() != 90 {
		t.Errorf("created %d, skipped %d", created.Load(), skipped.Load())
	}
}

func TestABackfillOfManyGoesPartByPart(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	withoutURL(w, 450, 0)
	if made := backfilled(w, w.Clock.Now()); made != (crawl.Backfilled{Created: 450}) {
		t.Errorf("made %+v", made)
	}
}

func TestBackfillRefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	withoutURL(w, 1, 0)
	do := func(actor *models.Actor, since time.Time) error {
		_, err := w.Backfill(t.Context(), actor, crawl.ToBackfill{ProjectID: w.Shop.ID, Since: since})
		return err
	}
	now := w.Clock.Now()
	modelstest.WantError(t, do(w.Viewer, now), models.CodeForbidden, "")
	modelstest.WantError(t, do(w.Outsider, now), models.CodeNotFound, "")
	modelstest.WantError(t, do(w.Editor, now.Add(time.Second)), models.CodeBadUserInput, "since")
	modelstest.WantError(t, do(w.Editor, now.Add(-crawl.MaxBackfill-time.Second)), models.CodeBadUserInput, "since")
	w.SetURL(nil)
	modelstest.WantError(t, do(w.Editor, now), models.CodeConflict, "projectId")
	w.SetURL(new(modelstest.ProjectURL))
	w.Rules.Retention = time.Hour
	w.Configure()
	modelstest.WantError(t, do(w.Editor, now.Add(-2*time.Hour)), models.CodeBadUserInput, "since")
	modelstest.NoError(t, do(w.KeyActor(w.Shop), now))
}
