package crawl

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// form is a form-encoded body in the order of the fields, as the published examples print it (url.Values would sort).
type form struct{ text strings.Builder }

func (f *form) add(key, value string) {
	if f.text.Len() > 0 {
		f.text.WriteByte('&')
	}
	f.text.WriteString(url.QueryEscape(key) + "=" + url.QueryEscape(value))
}

func (f *form) addID(key string, id int64) { f.add(key, models.RawIDText(id)) }

// addOwners adds the fields that both form events share. What is not available is an empty string.
func (f *form) addOwners(e callback.Envelope, crawl *Crawl) {
	f.addID("crawl_id", crawl.ID)
	f.addID("project_id", e.Project.ID)
	f.addID("account_id", e.Account.ID)
	userID, partnerUserID := "", ""
	if e.Creator != nil {
		userID, partnerUserID = models.RawIDText(e.Creator.ID), textOrEmpty(e.Creator.PartnerUserID)
	}
	f.add("user_id", userID)
	f.add("partner_account_id", textOrEmpty(e.Account.PartnerAccountID))
	f.add("partner_user_id", partnerUserID)
}

func (f *form) bytes() []byte { return []byte(f.text.String()) }

func finishedBody(e callback.Envelope, crawl *Crawl) ([]byte, error) {
	var f form
	f.add("message", "crawl_status")
	f.add("resource", "crawl")
	f.addOwners(e, crawl)
	f.add("status", "finished")
	f.add("href", crawlHref(e, crawl))
	return f.bytes(), nil
}

func reportDownloadBody(e callback.Envelope, crawl *Crawl, r *ReportDownload) ([]byte, error) {
	var f form
	f.add("message", "report_download_available")
	f.add("resource", "report_download")
	f.addID("report_download_id", r.ID)
	f.add("report_id", r.ReportID())
	f.addOwners(e, crawl)
	f.add("status", "generated")
	f.add("file_url", textOrEmpty(r.FileURL))
	f.add("href", fmt.Sprintf("%s/reports/%s/downloads/%d", crawlHref(e, crawl), r.ReportID(), r.ID))
	return f.bytes(), nil
}

func crawlHref(e callback.Envelope, crawl *Crawl) string {
	return fmt.Sprintf("/accounts/%d/projects/%d/crawls/%d", e.Account.ID, e.Project.ID, crawl.ID)
}

func textOrEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
