package crawl

import (
	"fmt"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// addOwners adds the fields that both form events share.
func addOwners(f *callback.Form, e callback.Envelope, crawl *Crawl) {
	f.AddID("crawl_id", crawl.ID)
	f.AddOwners(e)
}

func finishedBody(e callback.Envelope, crawl *Crawl) ([]byte, error) {
	var f callback.Form
	f.Add("message", "crawl_status")
	f.Add("resource", "crawl")
	addOwners(&f, e, crawl)
	f.Add("status", "finished")
	f.Add("href", crawlHref(e, crawl))
	return f.Bytes(), nil
}

func reportDownloadBody(e callback.Envelope, crawl *Crawl, r *ReportDownload) ([]byte, error) {
	var f callback.Form
	f.Add("message", "report_download_available")
	f.Add("resource", "report_download")
	f.AddID("report_download_id", r.ID)
	f.Add("report_id", r.ReportID())
	addOwners(&f, e, crawl)
	f.Add("status", "generated")
	f.Add("file_url", models.TextOrEmpty(r.FileURL))
	f.Add("href", fmt.Sprintf("%s/reports/%s/downloads/%d", crawlHref(e, crawl), r.ReportID(), r.ID))
	return f.Bytes(), nil
}

func crawlHref(e callback.Envelope, crawl *Crawl) string {
	return fmt.Sprintf("/accounts/%d/projects/%d/crawls/%d", e.Account.ID, e.Project.ID, crawl.ID)
}
