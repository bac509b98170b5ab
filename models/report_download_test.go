package models_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/crawl"
)

// form reads a form-encoded body.
func form(t *testing.T, c *models.Callback) url.Values {
	t.Helper()
	values, err := url.ParseQuery(string(c.Body))
	noError(t, err)
	return values
}

// generated is the input that finishes a report download which is new here.
func generated(id, crawlID int64) crawl.ReportDownloadEnd {
	return crawl.ReportDownloadEnd{
		ReportDownloadID: id, CrawlID: &crawlID, ReportTemplateCode: new("all_pages"), FileURL: "https://files.example/a.csv?sig=1",
	}
}

// crawl returns a new crawl of the project, created by nobody known here.
func (w *world) crawl(id int64, creator *int64) *crawl.Crawl {
	w.t.Helper()
	in := w.ended(id)
	in.CreatedByUserID = creator
	made, _, err := w.FinishCrawl(w.t.Context(), w.platform, in)
	noError(w.t, err)
	w.queue.take()
	return made
}

func TestGeneratedReportRaisesOneCallbackHoweverOftenItIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.crawl(5, nil)
	report, c, err := w.FinishReportDownload(t.Context(), w.platform, generated(567890, made.ID))
	noError(t, err)
	if report.Status != crawl.ReportDownloadGenerated || c == nil || c.Source != (models.Source{Of: made.ObjectID(), Part: report.ObjectID()}) {
		t.Fatalf("got %+v and %+v", report, c)
	}
	if got := w.queue.take(); len(got) != 1 {
		t.Errorf("woken: %v", got)
	}
	// A platform that retries signs the file's URL anew; the first one is already on its way.
	again := generated(567890, made.ID)
	again.FileURL = "https://files.example/a.csv?sig=2"
	report, same, err := w.FinishReportDownload(t.Context(), w.platform, again)
	noError(t, err)
	if same.UID != c.UID || *report.FileURL != "https://files.example/a.csv?sig=1" || form(t, w.callback(same.ID)).Get("file_url") != *report.FileURL {
		t.Errorf("got %+v and %+v", report, same)
	}
	if len(w.callbacks(models.ReportDownloadGeneratedEvent)) != 1 || len(w.queue.take()) != 0 {
		t.Error("it was sent again")
	}
}

func TestSameNewReportFinishedEightTimesAtOnceRaisesOneCallback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.crawl(5, nil)
	var mu sync.Mutex
	uids := map[string]int{}
	atOnce(8, func(int) {
		_, c, err := w.FinishReportDownload(t.Context(), w.platform, generated(567890, made.ID))
		if err != nil || c == nil {
			t.Errorf("got %v, %v", c, err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		uids[c.UID.String()]++
	})
	if len(uids) != 1 || len(w.callbacks(models.ReportDownloadGeneratedEvent)) != 1 || len(w.queue.take()) != 1 {
		t.Errorf("the callers saw %v", uids)
	}
}

func TestUserOfAReportIsTheCrawlsCreatorElseTheReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tests := map[string]struct {
		crawl, report *int64
		want          string
	}{
		"the crawl's":                     {&w.user.ID, nil, w.user.RawID()},
		"the crawl's before the report's": {&w.user.ID, &w.editor.User.ID, w.user.RawID()},
		"the report's":                    {nil, &w.editor.User.ID, w.editor.User.RawID()},
		"nobody":                          {nil, nil, ""},
	}
	id := int64(100)
	for name, test := range tests {
		id++
		made := w.crawl(id, test.crawl)
		in := generated(id, made.ID)
		in.CreatedByUserID = test.report
		_, c, err := w.FinishReportDownload(t.Context(), w.platform, in)
		noError(t, err)
		body := form(t, c)
		if got := body.Get("user_id"); got != test.want || !body.Has("user_id") {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestReportThatWasAskedForHereNeedsItsNumberOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.crawl(5, nil)
	asked, err := w.CreateReportDownload(t.Context(), w.editor, crawl.NewReportDownload{
		CrawlID: made.ID, ReportTemplateCode: "all_pages", ReportTypeCode: crawl.ReportBasic, SegmentID: new(int64(42)),
	})
	noError(t, err)
	if asked.Status != crawl.ReportDownloadGenerating || asked.FileURL != nil {
		t.Errorf("got %+v", asked)
	}
	report, c, err := w.FinishReportDownload(t.Context(), w.platform, crawl.ReportDownloadEnd{
		ReportDownloadID: asked.ID, FileURL: "https://files.example/a.csv",
	})
	noError(t, err)
	if got := form(t, c).Get("report_id"); got != "5:all_pages:basic:42" || report.ReportID() != got {
		t.Errorf("got %s", got)
	}
	if *report.CreatedByUserID != w.editor.User.ID {
		t.Error("its creator was forgotten")
	}
}

func TestFinishReportDownloadRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made, elsewhere := w.crawl(5, nil), w.crawl(6, nil)
	_, _, err := w.FinishReportDownload(t.Context(), w.platform, generated(1, made.ID))
	noError(t, err)
	type input = crawl.ReportDownloadEnd
	tests := map[string]struct {
		change func(*input)
		code   models.Code
		field  string
	}{
		"new without crawlId":            {func(in *input) { in.ReportDownloadID, in.CrawlID = 2, nil }, models.CodeBadUserInput, "crawlId"},
		"new without reportTemplateCode": {func(in *input) { in.ReportDownloadID, in.ReportTemplateCode = 2, nil }, models.CodeBadUserInput, "reportTemplateCode"},
		"new with a colon in the code":   {func(in *input) { in.ReportDownloadID, in.ReportTemplateCode = 2, new("a:b") }, models.CodeBadUserInput, "reportTemplateCode"},
		"new of an unknown crawl":        {func(in *input) { in.ReportDownloadID, in.CrawlID = 2, new(int64(999)) }, models.CodeNotFound, ""},
		"an unknown user":                {func(in *input) { in.ReportDownloadID, in.CreatedByUserID = 2, new(int64(999)) }, models.CodeNotFound, ""},
		"no file URL":                    {func(in *input) { in.FileURL = "" }, models.CodeBadUserInput, "fileUrl"},
		"a relative file URL":            {func(in *input) { in.FileURL = "/a.csv" }, models.CodeBadUserInput, "fileUrl"},
		"an overlong file URL":           {func(in *input) { in.FileURL = urlOfLength(models.MaxFileURLBytes + 1) }, models.CodeBadUserInput, "fileUrl"},
		"another crawl":                  {func(in *input) { in.CrawlID = &elsewhere.ID }, models.CodeConflict, "crawlId"},
		"another report":                 {func(in *input) { in.ReportTemplateCode = new("duplicate_pages") }, models.CodeConflict, "reportTemplateCode"},
		"another segment":                {func(in *input) { in.SegmentID = new(int64(1)) }, models.CodeConflict, "reportTemplateCode"},
	}
	for name, test := range tests {
		in := generated(1, made.ID)
		test.change(&in)
		_, _, err := w.FinishReportDownload(t.Context(), w.platform, in)
		t.Log(name)
		wantError(t, err, test.code, test.field)
	}
	if found, err := w.ReportDownloads(t.Context(), w.platform, 2); err != nil || len(found) != 0 {
		t.Errorf("a refused call left %v, %v", found, err)
	}
}

func TestFileURLMayBeAsLongAsSignedOnesAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := generated(1, w.crawl(5, nil).ID)
	in.FileURL = urlOfLength(models.MaxFileURLBytes)
	_, c, err := w.FinishReportDownload(t.Context(), w.platform, in)
	noError(t, err)
	if !strings.HasSuffix(form(t, c).Get("file_url"), "aaa") {
		t.Error("it was cut")
	}
}

func TestReportOfADeletedProjectOrOneWithoutURLRaisesNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.crawl(5, nil)
	_, err := w.UpdateProject(t.Context(), w.admin, models.ProjectUpdate{
		ProjectID: w.project.ID, Callback: models.EndpointUpdate{URL: models.Given[*string](nil)},
	})
	noError(t, err)
	if _, c, err := w.FinishReportDownload(t.Context(), w.platform, generated(1, made.ID)); c != nil || err != nil {
		t.Errorf("without URL: got %+v, %v", c, err)
	}
	w.setURL(new(projectURL))
	_, err = w.DeleteProject(t.Context(), w.admin, w.project.ID)
	noError(t, err)
	if _, c, err := w.FinishReportDownload(t.Context(), w.platform, generated(2, made.ID)); c != nil || err != nil {
		t.Errorf("deleted: got %+v, %v", c, err)
	}
}
