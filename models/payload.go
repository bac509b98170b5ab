package models

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Subject is what a callback tells of. Which parts are set depends on the event.
type Subject struct {
	Owners
	Crawl          *Crawl
	ReportDownload *ReportDownload
	Run            *Run
	Batch          *Batch // nil where the callback tells of the whole run
	BatchCallbacks int    // of the whole run: the callbacks of its batches
	RunInput       *RunInput
	Job            *Job
	User           *User // who created the source
	Failure        *Failure
	Failures       []Failure // of a digest
	Ref            uuid.UUID // of the callback itself
}

// Failure is a failed attempt that a notice tells of.
type Failure struct {
	Callback  *Callback
	Attempt   *Attempt
	PublicURL string
}

// form is a form-encoded body in the order of the fields, as the published examples print it (url.Values would sort).
type form struct{ text strings.Builder }

func (f *form) add(key, value string) {
	if f.text.Len() > 0 {
		f.text.WriteByte('&')
	}
	f.text.WriteString(url.QueryEscape(key) + "=" + url.QueryEscape(value))
}

func (f *form) addID(key string, id int64) { f.add(key, rawIDText(id)) }

// addOwners adds the fields that both form events share. What is not available is an empty string.
func (f *form) addOwners(s Subject) {
	f.addID("crawl_id", s.Crawl.ID)
	f.addID("project_id", s.Project.ID)
	f.addID("account_id", s.Account.ID)
	userID, partnerUserID := "", ""
	if s.User != nil {
		userID, partnerUserID = rawIDText(s.User.ID), textOrEmpty(s.User.PartnerUserID)
	}
	f.add("user_id", userID)
	f.add("partner_account_id", textOrEmpty(s.Account.PartnerAccountID))
	f.add("partner_user_id", partnerUserID)
}

func (f *form) bytes() []byte { return []byte(f.text.String()) }

func crawlFinishedBody(s Subject) ([]byte, error) {
	var f form
	f.add("message", "crawl_status")
	f.add("resource", "crawl")
	f.addOwners(s)
	f.add("status", "finished")
	f.add("href", crawlHref(s))
	return f.bytes(), nil
}

func reportDownloadBody(s Subject) ([]byte, error) {
	r := s.ReportDownload
	var f form
	f.add("message", "report_download_available")
	f.add("resource", "report_download")
	f.addID("report_download_id", r.ID)
	f.add("report_id", r.ReportID())
	f.addOwners(s)
	f.add("status", "generated")
	f.add("file_url", textOrEmpty(r.FileURL))
	f.add("href", fmt.Sprintf("%s/reports/%s/downloads/%d", crawlHref(s), r.ReportID(), r.ID))
	return f.bytes(), nil
}

func crawlHref(s Subject) string {
	return fmt.Sprintf("/accounts/%d/projects/%d/crawls/%d", s.Account.ID, s.Project.ID, s.Crawl.ID)
}

// notice is the body of a callback-failed notice, field by field as partners know it, with ours behind.
type notice struct {
	EventType          string          `json:"eventType"`
	EventData          noticeEventData `json:"eventData"`
	AccountID          int64           `json:"accountId"`
	SSOClientAccountID *string         `json:"ssoClientAccountId"`
}

type noticeEventData struct {
	ProjectID           int64       `json:"projectId"`
	FirstName           *string     `json:"firstName"`
	LastName            *string     `json:"lastName"`
	ProjectName         string      `json:"projectName"`
	ProjectSettingsLink string      `json:"projectSettingsLink"`
	SitePrimary         string      `json:"sitePrimary"`
	Status              *int        `json:"status"` // null where no answer came
	CallbackUID         string      `json:"callbackUid"`
	Event               EventName   `json:"event"`
	Attempt             int         `json:"attempt"`
	WillRetry           bool        `json:"willRetry"`
	NextAttemptAt       *string     `json:"nextAttemptAt"`
	Error               noticeError `json:"error"`
}

type noticeError struct {
	Code    AttemptErrorCode `json:"code"`
	Message string           `json:"message"`
}

func callbackFailedBody(s Subject) ([]byte, error) {
	failed, attempt := s.Failure.Callback, s.Failure.Attempt
	data := noticeEventData{
		ProjectID: s.Project.ID, ProjectName: s.Project.Name, SitePrimary: s.Project.PrimaryDomain,
		ProjectSettingsLink: projectSettingsLink(s, s.Failure.PublicURL),
		Status:              attempt.HTTPStatus, CallbackUID: failed.UID.String(), Event: failed.Event, Attempt: attempt.Number,
		WillRetry: failed.Status == StatusPending,
	}
	if attempt.Error != nil {
		data.Error = noticeError{attempt.Error.Code, attempt.Error.Message}
	}
	if data.WillRetry && failed.NextAttemptAt != nil {
		text := FormatTime(*failed.NextAttemptAt)
		data.NextAttemptAt = &text
	}
	if s.User != nil {
		data.FirstName, data.LastName = s.User.FirstName, s.User.LastName
	}
	return json.Marshal(notice{
		EventType: "callback-failed", EventData: data,
		AccountID: s.Account.ID, SSOClientAccountID: s.Account.PartnerAccountID,
	})
}

func projectSettingsLink(s Subject, publicURL string) string {
	return fmt.Sprintf("%s/accounts/%d/projects/%d/edit?step=4", publicURL, s.Account.ID, s.Project.ID)
}

// FormatTime is how times leave: ISO 8601, UTC, with milliseconds.
func FormatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func textOrEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// unixText is a time as whole seconds since 1970.
func unixText(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
