package modelstest

import (
	"net/url"
	"testing"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/tenant"
)

// ReadForm reads a form-encoded body.
func ReadForm(t testing.TB, c *callback.Callback) url.Values {
	t.Helper()
	values, err := url.ParseQuery(string(c.Body))
	NoError(t, err)
	return values
}

// ReportEnd is the input that finishes a report download which is new here.
func ReportEnd(id, crawlID int64) crawl.ReportDownloadEnd {
	return crawl.ReportDownloadEnd{
		ReportDownloadID: id, CrawlID: &crawlID, ReportTemplateCode: new("all_pages"),
		FileURL: "https://files.example/a.csv?sig=1",
	}
}

// NewCrawl returns a new crawl of the project, created by nobody known here.
func (w *World) NewCrawl(id int64, creator *int64) *crawl.Crawl {
	w.T.Helper()
	in := w.CrawlEnd(id)
	in.CreatedByUserID = creator
	made, _, err := w.FinishCrawl(w.T.Context(), w.Platform, in)
	NoError(w.T, err)
	w.Queue.Take()
	return made
}

// CrawlEnd is the input that finishes a crawl of the project well.
func (w *World) CrawlEnd(crawlID int64) crawl.End {
	return crawl.End{
		CrawlID: crawlID, ProjectID: &w.Shop.ID, CreatedByUserID: &w.AdminUser.ID,
		Kind: crawl.Standard, Status: crawl.Finished,
	}
}

// NewCallback returns the callback of a crawl that finishes now, and forgets its wake-up.
func (w *World) NewCallback() *callback.Callback {
	w.T.Helper()
	made, err := w.RunCrawl(w.T.Context(), w.Admin, w.Shop.ID)
	NoError(w.T, err)
	return w.finished(crawl.End{CrawlID: made.ID, Kind: crawl.Standard, Status: crawl.Finished})
}

// NewCallbackOf is NewCallback for another project, and a crawl that is new.
func (w *World) NewCallbackOf(p *tenant.Project, id int64) *callback.Callback {
	w.T.Helper()
	return w.finished(crawl.End{CrawlID: id, ProjectID: &p.ID, Kind: crawl.Standard, Status: crawl.Finished})
}

// finished returns the callback of a crawl's end, and forgets its wake-up.
func (w *World) finished(end crawl.End) *callback.Callback {
	w.T.Helper()
	_, c, err := w.FinishCrawl(w.T.Context(), w.Platform, end)
	NoError(w.T, err)
	if c == nil {
		w.T.Fatal("no callback was raised")
	}
	w.Queue.Take()
	return c
}
