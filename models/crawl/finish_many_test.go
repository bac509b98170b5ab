package crawl_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
)

// entriesOf are inputs that could all be read.
func entriesOf[In any](list ...In) []models.Entry[In] {
	all := make([]models.Entry[In], len(list))
	for i, in := range list {
		all[i].In = in
	}
	return all
}

func TestManyCrawlsEndInOneTransactionAndWhatIsWrongTouchesNoOther(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	transactions := 0
	service := w.CrawlsOn(w.Service, func(ctx context.Context, f func(crawl.Store) error) error {
		transactions++
		return w.Store.InCrawlTx(ctx, f)
	})
	nowhere, failed, queued := w.CrawlEnd(2), w.CrawlEnd(1), w.CrawlEnd(0)
	nowhere.ProjectID, failed.Status, queued.Status = new(int64(999)), crawl.Failed, crawl.Queued
	unread := models.Entry[crawl.End]{Err: models.Invalid("crawlId", "is none")}
	in := append(entriesOf(w.CrawlEnd(1), nowhere, failed, queued, w.CrawlEnd(1), w.CrawlEnd(3)), unread)
	var uids []string
	for range 2 { // and the same call again
		done, err := service.FinishCrawls(t.Context(), w.Platform, in)
		modelstest.NoError(t, err)
		modelstest.WantError(t, done[1].Err, models.CodeNotFound, "crawls.1.projectId")
		modelstest.WantError(t, done[2].Err, models.CodeConflict, "crawls.2.status")
		modelstest.WantError(t, done[6].Err, models.CodeBadUserInput, "crawls.6.crawlId")
		if problems := models.ProblemsOf(done[3].Err); len(problems) != 2 || problems[1].Field != "crawls.3.status" {
			t.Errorf("all that is wrong with one: %v", done[3].Err)
		}
		if err := errors.Join(done[0].Err, done[4].Err, done[5].Err); err != nil {
			t.Fatal(err)
		}
		uids = append(uids, fmt.Sprint(done[0].Out.Callback.UID, done[4].Out.Callback.UID, done[5].Out.Callback.UID))
		if done[0].Out.Callback.UID != done[4].Out.Callback.UID || done[5].Out.Crawl.ID != 3 {
			t.Errorf("got %+v", done)
		}
	}
	if uids[0] != uids[1] || transactions != 2 {
		t.Errorf("%v, in %d transactions", uids, transactions)
	}
	if raised, woken := len(w.CallbacksOf(callback.CrawlFinishedEvent)), len(w.Queue.Take()); raised != 2 || woken != 2 {
		t.Errorf("%d callbacks were raised, and %d woken", raised, woken)
	}
	if left, err := w.Crawls(t.Context(), w.Platform, 2); err != nil || len(left) != 0 {
		t.Errorf("what was refused left %v, %v", left, err)
	}
}

func TestFiveHundredCrawlsEndAtOnceAndNoMore(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	var in []crawl.End
	for i := range models.MaxEntries {
		in = append(in, w.CrawlEnd(int64(models.MaxEntries-i)))
	}
	modelstest.AtOnce(4, func(int) { // the same ones
		done, err := w.FinishCrawls(t.Context(), w.Platform, entriesOf(in...))
		if err != nil || done[499].Err != nil || done[499].Out.Crawl.ID != 1 {
			t.Errorf("%v, %+v", err, done)
		}
	})
	if woken := len(w.Queue.Take()); woken != models.MaxEntries {
		t.Errorf("%d callbacks", woken)
	}
	for _, wrong := range [][]crawl.End{nil, append(in, in[0])} {
		_, err := w.FinishCrawls(t.Context(), w.Platform, entriesOf(wrong...))
		modelstest.WantError(t, err, models.CodeBadUserInput, "crawls")
	}
}

func TestManyReportDownloadsAreToldOnceAndWhatIsWrongLeavesNothing(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	made := w.NewCrawl(5, nil)
	unknown, other := modelstest.ReportEnd(2, 999), modelstest.ReportEnd(1, made.ID)
	other.ReportTemplateCode = new("other")
	later := crawl.ReportDownloadEnd{ReportDownloadID: 4, FileURL: "https://files.example/b.csv"}
	before := crawl.ReportDownloadEnd{ReportDownloadID: 3, FileURL: "https://files.example/wrong.csv"} // of one that comes only later
	in := entriesOf(modelstest.ReportEnd(1, made.ID), unknown, other, modelstest.ReportEnd(3, made.ID),
		modelstest.ReportEnd(1, made.ID), later)
	done, err := w.FinishReportDownloads(t.Context(), w.Platform, append(entriesOf(before), in...))
	modelstest.NoError(t, err)
	modelstest.WantError(t, done[0].Err, models.CodeBadUserInput, "reportDownloads.0.crawlId")
	if got := done[4].Out.ReportDownload; got.FileURL == nil || *got.FileURL != modelstest.ReportEnd(3, made.ID).FileURL {
		t.Errorf("it has the file of an input that was refused: %+v", got)
	}
	var uids []string
	for range 2 {
		done, err := w.FinishReportDownloads(t.Context(), w.Platform, in)
		modelstest.NoError(t, err)
		modelstest.WantError(t, done[1].Err, models.CodeNotFound, "reportDownloads.1.crawlId")
		modelstest.WantError(t, done[2].Err, models.CodeConflict, "reportDownloads.2.reportTemplateCode")
		modelstest.WantError(t, done[5].Err, models.CodeBadUserInput, "reportDownloads.5.crawlId")
		modelstest.NoError(t, errors.Join(done[0].Err, done[3].Err, done[4].Err))
		uids = append(uids, fmt.Sprint(done[0].Out.Callback.UID, done[3].Out.Callback.UID, done[4].Out.Callback.UID))
	}
	if told := len(w.CallbacksOf(callback.ReportDownloadGeneratedEvent)); uids[0] != uids[1] || told != 2 {
		t.Errorf("%v, %d callbacks", uids, told)
	}
	if left, err := w.ReportDownloads(t.Context(), w.Platform, 2, 4); err != nil || len(left) != 0 {
		t.Errorf("what was refused left %v, %v", left, err)
	}
	long := modelstest.ReportEnd(9, made.ID)
	long.FileURL = "https://files.example/" + strings.Repeat("a", models.MaxFileURLBytes-100)
	tooMuch := entriesOf[crawl.ReportDownloadEnd]()
	for range 300 {
		tooMuch = append(tooMuch, entriesOf(long)...)
	}
	_, err = w.FinishReportDownloads(t.Context(), w.Platform, tooMuch)
	modelstest.WantError(t, err, models.CodeBadUserInput, "reportDownloads")
}
