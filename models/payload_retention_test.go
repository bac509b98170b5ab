package models_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/job"
)

// payloadsFirst keeps payloads for a day, and rows for longer.
var payloadsFirst = models.Retention{Rows: retention, Payloads: 24 * time.Hour}

// answer is one with a body.
func answer(status int, body string) models.Outcome {
	return models.Outcome{HTTPStatus: &status, ResponseBody: []byte(body)}
}

func TestPayloadsGoBeforeTheirCallbacksAndSaySo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setWebhook(nil) // no notice
	old := w.raised()
	w.record(w.claim(old.ID), answer(500, "not yet"))
	w.clock.advance(5 * time.Second)
	w.record(w.claim(old.ID), answer(200, "thanks"))
	w.clock.advance(time.Microsecond)
	younger, waiting := w.deliver(w.raised().ID, answer(200, "thanks")), w.raised()
	w.clock.advance(payloadsFirst.Payloads)
	if gone := w.purged(payloadsFirst); !maps.Equal(gone, models.Purged{"payloads": 1}) {
		t.Errorf("%+v went", gone)
	}
	got := w.callback(old.ID)
	if at := got.PayloadPurgedAt; string(got.Body) != "" || at == nil || !at.Equal(w.clock.now()) || got.AttemptCount != 2 || *got.HTTPStatus != 200 {
		t.Errorf("got %+v", got)
	}
	for _, a := range w.attempts(old.ID) {
		if body := w.text(models.ResponseBodyText, a.ID); body != "" {
			t.Errorf("attempt %d has the answer %q", a.Number, body)
		}
	}
	for _, c := range []*models.Callback{younger, waiting} {
		if got := w.callback(c.ID); string(got.Body) != string(c.Body) || got.PayloadPurgedAt != nil {
			t.Errorf("got %+v", got)
		}
	}
	if body := w.text(models.ResponseBodyText, w.attempts(younger.ID)[0].ID); body != "thanks" {
		t.Errorf("the younger one has the answer %q", body)
	}
	if gone := w.purged(payloadsFirst); !maps.Equal(gone, models.Purged{}) {
		t.Errorf("%+v went again", gone)
	}
	w.clock.advance(retention)
	if gone := w.purged(payloadsFirst); !maps.Equal(gone, models.Purged{"callbacks": 2}) || w.callback(waiting.ID).PayloadPurgedAt != nil {
		t.Errorf("%+v went with the retention", gone)
	}
}

func TestReplayOfACallbackWithoutItsPayloadIsAConflictThatSaysWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.deliver(w.raised().ID, answered(200))
	w.clock.advance(payloadsFirst.Payloads + time.Microsecond)
	w.purged(payloadsFirst)
	_, err := w.ReplayCallback(t.Context(), w.editor, c.ID)
	wantError(t, err, models.CodeConflict, "callbackId")
	if !strings.Contains(err.Error(), "payload") || !strings.Contains(err.Error(), "2026-01-03T03:04:05Z") {
		t.Errorf("it says: %v", err)
	}
}

// batchTexts are the long texts of a batch.
func (w *world) batchTexts(b *models.Batch) [3]string {
	w.t.Helper()
	return [3]string{w.text(models.ResultsText, b.ID), w.text(models.RunInputText, b.InputID), w.text(models.CustomDataText, b.InputID)}
}

func TestInputsAndResultsGoBeforeTheirRunsAndSaySo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setTarget(w.project, nil) // no callbacks
	a := w.newAction()
	scheduled := w.newRun(func(in *models.NewRun) { in.Schedule = &models.NewSchedule{Cron: new("0 0 * * *")} })
	ended := w.newRun(inputs(150), pages(1))
	w.execute(a, func(*models.Execution) models.Outcome { return found(2, false) })
	batches := w.batches(ended.ID)
	if texts := w.batchTexts(batches[0]); texts[0] == "" || texts[1] == "" || texts[2] == "" {
		t.Fatalf("got %q", texts)
	}
	open := w.newRun(pages(2))
	w.recordBatch(w.claimBatches(a, 1)[0], found(2, false))
	w.clock.advance(payloadsFirst.Payloads + time.Microsecond)
	if gone := w.purged(payloadsFirst); !maps.Equal(gone, models.Purged{"payloads": 1}) {
		t.Errorf("%+v went", gone)
	}
	for _, b := range w.batches(ended.ID) {
		if texts := w.batchTexts(b); texts != [3]string{} || b.ResultCount != 2 {
			t.Fatalf("%+v has %q", b, texts)
		}
	}
	if r := w.run(ended.ID); r.PayloadPurgedAt == nil || !r.PayloadPurgedAt.Equal(w.clock.now()) || r.OutputCount != 300 {
		t.Errorf("got %+v", r)
	}
	page, err := w.ResultPages(t.Context(), w.viewer, []int64{ended.ID, open.ID}, models.Page{First: 10})
	noError(t, err)
	if len(page[ended.ID].Nodes) != 0 || page[ended.ID].HasNext || len(page[open.ID].Nodes) != 2 {
		t.Errorf("got %+v and %+v", page[ended.ID], page[open.ID])
	}
	if r := w.run(scheduled.ID); r.PayloadPurgedAt != nil {
		t.Errorf("got %+v, which waits for its schedule", r)
	}
	if gone := w.purged(payloadsFirst); !maps.Equal(gone, models.Purged{}) {
		t.Errorf("%+v went again", gone)
	}
}

// sources are one of each kind that has ended, with its callback, and one that has not.
func (w *world) sources() (made *crawl.Crawl, report *crawl.ReportDownload, j *job.Job, callbacks []*models.Callback) {
	w.t.Helper()
	made, told, err := w.FinishCrawl(w.t.Context(), w.platform, w.ended(4711))
	noError(w.t, err)
	report, reported, err := w.FinishReportDownload(w.t.Context(), w.platform, crawl.ReportDownloadEnd{
		ReportDownloadID: 815, CrawlID: &made.ID, ReportTemplateCode: new("all_pages"), FileURL: "https://files.example/815.zip",
	})
	noError(w.t, err)
	jobs := w.newJobs(2)
	return made, report, jobs[0], []*models.Callback{told, reported, w.change(jobs[0], completed())}
}

func TestSourcesAreKeptForEverSoThatALateEndMakesNoSecondCallback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, _, callbacks := w.sources()
	for _, c := range callbacks {
		w.deliver(c.ID, answered(200))
	}
	w.clock.advance(100 * retention)
	if gone := w.purged(models.Retention{Rows: retention}); !maps.Equal(gone, models.Purged{"callbacks": 3}) {
		t.Fatalf("%+v went", gone)
	}
	made, c, err := w.FinishCrawl(t.Context(), w.platform, w.ended(4711))
	noError(t, err)
	if made.Status != crawl.Finished || !made.FinishedAt.Equal(start) || c != nil || len(w.callbacks(models.CrawlFinishedEvent)) != 0 {
		t.Errorf("got %+v and %+v", made, c)
	}
}

func TestSourcesGoAfterTheirRetentionOnceNothingPointsAtThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made, report, j, callbacks := w.sources()
	queued, err := w.RunCrawl(t.Context(), w.admin, w.project.ID)
	noError(t, err)
	generating, err := w.CreateReportDownload(t.Context(), w.editor, crawl.NewReportDownload{
		CrawlID: queued.ID, ReportTemplateCode: "all_pages", ReportTypeCode: crawl.ReportBasic,
	})
	noError(t, err)
	_, old, err := w.FinishCrawl(t.Context(), w.platform, crawl.End{CrawlID: queued.ID, Kind: crawl.Standard, Status: crawl.Finished})
	noError(t, err)
	keep := models.Retention{Rows: retention, Sources: 2 * retention}
	for _, c := range append(callbacks, old) {
		w.deliver(c.ID, answered(200))
	}
	w.clock.advance(keep.Sources)
	if gone := w.purged(keep); !maps.Equal(gone, models.Purged{"callbacks": 4}) {
		t.Fatalf("%+v went before its time", gone)
	}
	w.clock.advance(time.Hour)
	if gone := w.purged(keep); !maps.Equal(gone, models.Purged{"sources": 3}) {
		t.Errorf("%+v went", gone)
	}
	_, err = w.Crawl(t.Context(), w.platform, made.ID)
	wantError(t, err, models.CodeNotFound, "")
	_, err = w.ReportDownload(t.Context(), w.platform, report.ID)
	wantError(t, err, models.CodeNotFound, "")
	_, err = w.Job(t.Context(), w.platform, j.ID)
	wantError(t, err, models.CodeNotFound, "")
	if _, err := w.Crawl(t.Context(), w.platform, queued.ID); err != nil {
		t.Errorf("a crawl whose report has not ended: %v", err)
	}
	if _, err := w.ReportDownload(t.Context(), w.platform, generating.ID); err != nil {
		t.Errorf("a report that has not ended: %v", err)
	}
}

func TestSourcesStayAsLongAsTheirCallbacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sources() // whose callbacks have not ended
	w.clock.advance(100 * retention)
	if gone := w.purged(models.Retention{Rows: retention, Sources: retention}); !maps.Equal(gone, models.Purged{}) {
		t.Errorf("%+v went", gone)
	}
}
