package crawl_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func TestGeneratedReportRaisesOneCallbackHoweverOftenItIsTold(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	made := w.NewCrawl(5, nil)
	report, c, err := w.FinishReportDownload(t.Context(), w.Platform, modelstest.ReportEnd(567890, made.ID))
	modelstest.NoError(t, err)
	if report.Status != crawl.ReportDownloadGenerated || c == nil ||
		c.Source != (callback.Source{Of: made.ObjectID(), Part: report.ObjectID()}) {
		t.Fatalf("got %+v and %+v", report, c)
	}
	if got := w.Queue.Take(); len(got) != 1 {
		t.Errorf("woken: %v", got)
	}
	// A platform that retries signs the file's URL anew; the first one is already on its way.
	again := modelstest.ReportEnd(567890, made.ID)
	again.FileURL = "https://files.example/a.csv?sig=2"
	report, same, err := w.FinishReportDownload(t.Context(), w.Platform, again)
	modelstest.NoError(t, err)
	if same.UID != c.UID || *report.FileURL != "https://files.example/a.csv?sig=1" ||
		modelstest.ReadForm(t, w.ReadCallback(same.ID)).Get("file_url") != *report.FileURL {
		t.Errorf("got %+v and %+v", report, same)
	}
	if len(w.CallbacksOf(callback.ReportDownloadGeneratedEvent)) != 1 || len(w.Queue.Take()) != 0 {
		t.Error("it was sent again")
	}
}

func TestSameNewReportFinishedEightTimesAtOnceRaisesOneCallback(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	made := w.NewCrawl(5, nil)
	var mu sync.Mutex
	uids := map[string]int{}
	modelstest.AtOnce(8, func(int) {
		_, c, err := w.FinishReportDownload(t.Context(), w.Platform, modelstest.ReportEnd(567890, made.ID))
		if err != nil || c == nil {
			t.Errorf("got %v, %v", c, err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		uids[c.UID.String()]++
	})
	if len(uids) != 1 || len(w.CallbacksOf(callback.ReportDownloadGeneratedEvent)) != 1 || len(w.Queue.Take()) != 1 {
		t.Errorf("the callers saw %v", uids)
	}
}

func TestUserOfAReportIsTheCrawlsCreatorElseTheReports(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	tests := map[string]struct {
		crawl, report *int64
		want          string
	}{
		"the crawl's":                     {&w.AdminUser.ID, nil, w.AdminUser.RawID()},
		"the crawl's before the report's": {&w.AdminUser.ID, &w.Editor.UserID, w.AdminUser.RawID()},
		"the report's":                    {nil, &w.Editor.UserID, models.RawIDText(w.Editor.UserID)},
		"nobody":                          {nil, nil, ""},
	}
	id := int64(100)
	for name, test := range tests {
		id++
		made := w.NewCrawl(id, test.crawl)
		in := modelstest.ReportEnd(id, made.ID)
		in.CreatedByUserID = test.report
		_, c, err := w.FinishReportDownload(t.Context(), w.Platform, in)
		modelstest.NoError(t, err)
		body := modelstest.ReadForm(t, c)
		if got := body.Get("user_id"); got != test.want || !body.Has("user_id") {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestReportThatWasAskedForHereNeedsItsNumberOnly(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	made := w.NewCrawl(5, nil)
	asked, err := w.CreateReportDownload(t.Context(), w.Editor, crawl.NewReportDownload{
		CrawlID: made.ID, ReportTemplateCode: "all_pages", ReportTypeCode: crawl.ReportBasic, SegmentID: new(int64(42)),
	})
	modelstest.NoError(t, err)
	if asked.Status != crawl.ReportDownloadGenerating || asked.FileURL != nil {
		t.Errorf("got %+v", asked)
	}
	report, c, err := w.FinishReportDownload(t.Context(), w.Platform, crawl.ReportDownloadEnd{
		ReportDownloadID: asked.ID, FileURL: "https://files.example/a.csv",
	})
	modelstest.NoError(t, err)
	if got := modelstest.ReadForm(t, c).Get("report_id"); got != "5:all_pages:basic:42" || report.ReportID() != got {
		t.Errorf("got %s", got)
	}
	if *report.CreatedByUserID != w.Editor.UserID {
		t.Error("its creator was forgotten")
	}
}

func TestFinishReportDownloadRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	made, elsewhere := w.NewCrawl(5, nil), w.NewCrawl(6, nil)
	_, _, err := w.FinishReportDownload(t.Context(), w.Platform, modelstest.ReportEnd(1, made.ID))
	modelstest.NoError(t, err)
	type input = crawl.ReportDownloadEnd
	tests := map[string]struct {
		change func(*input)
		code   models.Code
		field  string
	}{
		"new without crawlId": {
			func(in *input) { in.ReportDownloadID, in.CrawlID = 2, nil }, models.CodeBadUserInput, "crawlId",
		},
		"new without reportTemplateCode": {
			func(in *input) { in.ReportDownloadID, in.ReportTemplateCode = 2, nil }, models.CodeBadUserInput,
			"reportTemplateCode",
		},
		"new with a colon in the code": {
			func(in *input) { in.ReportDownloadID, in.ReportTemplateCode = 2, new("a:b") }, models.CodeBadUserInput,
			"reportTemplateCode",
		},
		"new of an unknown crawl": {
			func(in *input) { in.ReportDownloadID, in.CrawlID = 2, new(int64(999)) }, models.CodeNotFound, "crawlId",
		},
		"an unknown user": {
			func(in *input) { in.ReportDownloadID, in.CreatedByUserID = 2, new(int64(999)) }, models.CodeNotFound, "createdByUserId",
		},
		"no file URL":         {func(in *input) { in.FileURL = "" }, models.CodeBadUserInput, "fileUrl"},
		"a relative file URL": {func(in *input) { in.FileURL = "/a.csv" }, models.CodeBadUserInput, "fileUrl"},
		"an overlong file URL": {
			func(in *input) { in.FileURL = modelstest.URLOfLength(models.MaxFileURLBytes + 1) }, models.CodeBadUserInput,
			"fileUrl",
		},
		"another crawl": {func(in *input) { in.CrawlID = &elsewhere.ID }, models.CodeConflict, "crawlId"},
		"another report": {
			func(in *input) { in.ReportTemplateCode = new("duplicate_pages") }, models.CodeConflict, "reportTemplateCode",
		},
		"another segment": {
			func(in *input) { in.SegmentID = new(int64(1)) }, models.CodeConflict, "reportTemplateCode",
		},
	}
	for name, test := range tests {
		in := modelstest.ReportEnd(1, made.ID)
		test.change(&in)
		_, _, err := w.FinishReportDownload(t.Context(), w.Platform, in)
		t.Log(name)
		modelstest.WantError(t, err, test.code, test.field)
	}
	if found, err := w.ReportDownloads(t.Context(), w.Platform, 2); err != nil || len(found) != 0 {
		t.Errorf("a refused call left %v, %v", found, err)
	}
}

func TestAllThatIsWrongWithTheEndOfAReportIsSaid(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for want, in := range map[string]crawl.ReportDownloadEnd{
		"reportTemplateCode fileUrl crawlId": {ReportDownloadID: 1, ReportTemplateCode: new("a b"), FileURL: "/a.csv"},
		"crawlId reportTemplateCode":         {ReportDownloadID: 1, FileURL: "https://files.example.com/1"},
	} {
		_, _, err := w.FinishReportDownload(t.Context(), w.Platform, in)
		var fields []string
		for _, p := range models.ProblemsOf(err) {
			fields = append(fields, p.Field)
		}
		if got := strings.Join(fields, " "); got != want {
			t.Errorf("got problems of %q, want of %q", got, want)
		}
	}
}

func TestFileURLMayBeAsLongAsSignedOnesAre(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	in := modelstest.ReportEnd(1, w.NewCrawl(5, nil).ID)
	in.FileURL = modelstest.URLOfLength(models.MaxFileURLBytes)
	_, c, err := w.FinishReportDownload(t.Context(), w.Platform, in)
	modelstest.NoError(t, err)
	if !strings.HasSuffix(modelstest.ReadForm(t, c).Get("file_url"), "aaa") {
		t.Error("it was cut")
	}
}

func TestReportOfADeletedProjectOrOneWithoutURLRaisesNone(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	made := w.NewCrawl(5, nil)
	_, err := w.UpdateProject(t.Context(), w.Admin, tenant.ProjectUpdate{
		ProjectID: w.Shop.ID, Callback: models.EndpointUpdate{URL: models.Given[*string](nil)},
	})
	modelstest.NoError(t, err)
	if _, c, err := w.FinishReportDownload(t.Context(), w.Platform, modelstest.ReportEnd(1, made.ID)); c != nil ||
		err != nil {
		t.Errorf("without URL: got %+v, %v", c, err)
	}
	w.SetURL(new(modelstest.ProjectURL))
	_, err = w.DeleteProject(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	if _, c, err := w.FinishReportDownload(t.Context(), w.Platform, modelstest.ReportEnd(2, made.ID)); c != nil ||
		err != nil {
		t.Errorf("deleted: got %+v, %v", c, err)
	}
}

// missesReports misses something else than the report downloads that are asked for.
type missesReports struct{ crawl.Store }

func (missesReports) LockReportDownloads(context.Context, ...int64) ([]*crawl.ReportDownload, error) {
	return nil, models.NotFound(tenant.TypeAccount)
}

func TestReportDownloadIsNotNewBecauseSomethingElseIsMissing(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	in := modelstest.ReportEnd(567890, 0)
	in.CrawlID = nil // which one that is new needs
	crawls := w.CrawlsOn(w.Service, func(ctx context.Context, f func(crawl.Store) error) error {
		return w.Store.InCrawlTx(ctx, func(tx crawl.Store) error { return f(missesReports{tx}) })
	})
	_, _, err := crawls.FinishReportDownload(t.Context(), w.Platform, in)
	modelstest.WantError(t, err, models.CodeNotFound, "")
}
