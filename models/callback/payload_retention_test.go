package callback_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
)

// answer is one with a body.
func answer(status int, body string) callback.Outcome {
	return callback.Outcome{HTTPStatus: &status, ResponseBody: []byte(body)}
}

func TestPayloadsGoBeforeTheirCallbacksAndSaySo(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.SetWebhook(nil) // no notice
	old := w.NewCallback()
	w.MustSettle(w.MustClaim(old.ID), answer(500, "not yet"))
	w.Clock.Advance(5 * time.Second)
	w.MustSettle(w.MustClaim(old.ID), answer(200, "thanks"))
	w.Clock.Advance(time.Microsecond)
	younger, waiting := w.Deliver(w.NewCallback().ID, answer(200, "thanks")), w.NewCallback()
	w.Clock.Advance(modelstest.PayloadsFirst.Payloads)
	if gone := w.MustPurge(modelstest.PayloadsFirst); !maps.Equal(gone, callback.Purged{"payloads": 1}) {
		t.Errorf("%+v went", gone)
	}
	got := w.ReadCallback(old.ID)
	if at := got.PayloadPurgedAt; string(got.Body) != "" || at == nil || !at.Equal(w.Clock.Now()) ||
		got.AttemptCount != 2 || *got.HTTPStatus != 200 {
		t.Errorf("got %+v", got)
	}
	for _, a := range w.Attempts(old.ID) {
		if body := w.ReadText(models.ResponseBodyText, a.ID); body != "" {
			t.Errorf("attempt %d has the answer %q", a.Number, body)
		}
	}
	for _, c := range []*callback.Callback{younger, waiting} {
		if got := w.ReadCallback(c.ID); string(got.Body) != string(c.Body) || got.PayloadPurgedAt != nil {
			t.Errorf("got %+v", got)
		}
	}
	if body := w.ReadText(models.ResponseBodyText, w.Attempts(younger.ID)[0].ID); body != "thanks" {
		t.Errorf("the younger one has the answer %q", body)
	}
	if gone := w.MustPurge(modelstest.PayloadsFirst); !maps.Equal(gone, callback.Purged{}) {
		t.Errorf("%+v went again", gone)
	}
	w.Clock.Advance(modelstest.Retention)
	if gone := w.MustPurge(modelstest.PayloadsFirst); !maps.Equal(gone, callback.Purged{"callbacks": 2}) ||
		w.ReadCallback(waiting.ID).PayloadPurgedAt != nil {
		t.Errorf("%+v went with the retention", gone)
	}
}

func TestReplayOfACallbackWithoutItsPayloadIsAConflictThatSaysWhy(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.Deliver(w.NewCallback().ID, modelstest.Answered(200))
	w.Clock.Advance(modelstest.PayloadsFirst.Payloads + time.Microsecond)
	w.MustPurge(modelstest.PayloadsFirst)
	_, err := w.Replay(t.Context(), w.Editor, c.ID)
	modelstest.WantError(t, err, models.CodeConflict, "callbackId")
	if !strings.Contains(err.Error(), "payload") || !strings.Contains(err.Error(), "2026-01-03T03:04:05Z") {
		t.Errorf("it says: %v", err)
	}
}

// sources are one of each kind that has ended, with its callback, and one that has not.
func sources(w *modelstest.World) (made *crawl.Crawl, report *crawl.ReportDownload, j *job.Job, callbacks []*callback.Callback) {
	w.T.Helper()
	made, told, err := w.FinishCrawl(w.T.Context(), w.Platform, w.CrawlEnd(4711))
	modelstest.NoError(w.T, err)
	report, reported, err := w.FinishReportDownload(w.T.Context(), w.Platform, crawl.ReportDownloadEnd{
		ReportDownloadID: 815, CrawlID: &made.ID, ReportTemplateCode: new("all_pages"),
		FileURL: "https://files.example/815.zip",
	})
	modelstest.NoError(w.T, err)
	jobs := w.NewJobs(2)
	return made, report, jobs[0], []*callback.Callback{told, reported, w.MustChange(jobs[0], modelstest.JobCompleted())}
}

func TestSourcesAreKeptForEverSoThatALateEndMakesNoSecondCallback(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	_, _, _, callbacks := sources(w)
	for _, c := range callbacks {
		w.Deliver(c.ID, modelstest.Answered(200))
	}
	w.Clock.Advance(100 * modelstest.Retention)
	if gone := w.MustPurge(
		callback.Retention{Rows: modelstest.Retention},
	); !maps.Equal(gone, callback.Purged{"callbacks": 3}) {
		t.Fatalf("%+v went", gone)
	}
	made, c, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(4711))
	modelstest.NoError(t, err)
	if made.Status != crawl.Finished || !made.FinishedAt.Equal(modelstest.Start) || c != nil ||
		len(w.CallbacksOf(callback.CrawlFinishedEvent)) != 0 {
		t.Errorf("got %+v and %+v", made, c)
	}
}

func TestSourcesGoAfterTheirRetentionOnceNothingPointsAtThem(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	made, report, j, callbacks := sources(w)
	queued, err := w.RunCrawl(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	generating, err := w.CreateReportDownload(t.Context(), w.Editor, crawl.NewReportDownload{
		CrawlID: queued.ID, ReportTemplateCode: "all_pages", ReportTypeCode: crawl.ReportBasic,
	})
	modelstest.NoError(t, err)
	_, old, err := w.FinishCrawl(
		t.Context(), w.Platform, crawl.End{CrawlID: queued.ID, Kind: crawl.Standard, Status: crawl.Finished},
	)
	modelstest.NoError(t, err)
	keep := callback.Retention{Rows: modelstest.Retention, Sources: 2 * modelstest.Retention}
	for _, c := range append(callbacks, old) {
		w.Deliver(c.ID, modelstest.Answered(200))
	}
	w.Clock.Advance(keep.Sources)
	if gone := w.MustPurge(keep); !maps.Equal(gone, callback.Purged{"callbacks": 4}) {
		t.Fatalf("%+v went before its time", gone)
	}
	w.Clock.Advance(time.Hour)
	if gone := w.MustPurge(keep); !maps.Equal(gone, callback.Purged{"sources": 3}) {
		t.Errorf("%+v went", gone)
	}
	_, err = w.Crawl(t.Context(), w.Platform, made.ID)
	modelstest.WantError(t, err, models.CodeNotFound, "")
	_, err = w.ReportDownload(t.Context(), w.Platform, report.ID)
	modelstest.WantError(t, err, models.CodeNotFound, "")
	_, err = w.Job(t.Context(), w.Platform, j.ID)
	modelstest.WantError(t, err, models.CodeNotFound, "")
	if _, err := w.Crawl(t.Context(), w.Platform, queued.ID); err != nil {
		t.Errorf("a crawl whose report has not ended: %v", err)
	}
	if _, err := w.ReportDownload(t.Context(), w.Platform, generating.ID); err != nil {
		t.Errorf("a report that has not ended: %v", err)
	}
}

func TestSourcesStayAsLongAsTheirCallbacks(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	sources(w) // whose callbacks have not ended
	w.Clock.Advance(100 * modelstest.Retention)
	if gone := w.MustPurge(
		callback.Retention{Rows: modelstest.Retention, Sources: modelstest.Retention},
	); !maps.Equal(gone, callback.Purged{}) {
		t.Errorf("%+v went", gone)
	}
}
