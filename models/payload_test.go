package models_test

import (
	"bytes"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares bytes with a file: receivers have seen exactly these.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		noError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	noError(t, err)
	if !bytes.Equal(want, got) {
		t.Errorf("%s (-want +got):\n%s", name, cmp.Diff(string(want), string(got)))
	}
}

// seedSubject has the numbers of the published examples.
func seedSubject() models.Subject {
	return models.Subject{
		Owners: models.Owners{
			Account: &models.Account{ID: 123123, Name: "Acme", PartnerAccountID: new("123123")},
			Project: &models.Project{ID: 1123123, Name: "Shop", PrimaryDomain: "https://www.example.com/"},
		},
		Crawl: &models.Crawl{ID: 124234},
		User: &models.User{
			ID: 123123, FirstName: new("Demo"), LastName: new("User"), PartnerUserID: new("3333312"),
		},
		ReportDownload: &models.ReportDownload{
			ID: 567890, CrawlID: 124234, ReportTemplateCode: "all_pages", ReportTypeCode: models.ReportBasic,
			FileURL: new("https://bucket.s3.example.com/report 1.csv?X-Amz-Signature=a+b/c=&x=1"),
		},
	}
}

func TestFormBodiesAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	segmented := seedSubject()
	segmented.ReportDownload.SegmentID = new(int64(42))
	missing := seedSubject()
	missing.User, missing.Account.PartnerAccountID = nil, nil
	noPartner := seedSubject()
	noPartner.User.PartnerUserID = nil
	tests := map[string]struct {
		body    func(models.Subject) ([]byte, error)
		subject models.Subject
	}{
		"crawl_finished.txt":                    {models.CrawlFinishedBody, seedSubject()},
		"crawl_finished_nothing_available.txt":  {models.CrawlFinishedBody, missing},
		"crawl_finished_no_partner_user.txt":    {models.CrawlFinishedBody, noPartner},
		"report_download.txt":                   {models.ReportDownloadBody, seedSubject()},
		"report_download_segment.txt":           {models.ReportDownloadBody, segmented},
		"report_download_nothing_available.txt": {models.ReportDownloadBody, missing},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := test.body(test.subject)
			noError(t, err)
			golden(t, name, got)
		})
	}
}

// The golden file could be rewritten by mistake; these values are copied from the published text by hand.
func TestFormBodyReadsBackAsTheSeedsExample(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body func(models.Subject) ([]byte, error)
		want url.Values
	}{
		"crawl finished": {models.CrawlFinishedBody, url.Values{
			"message": {"crawl_status"}, "resource": {"crawl"}, "crawl_id": {"124234"}, "project_id": {"1123123"},
			"account_id": {"123123"}, "user_id": {"123123"}, "partner_account_id": {"123123"}, "partner_user_id": {"3333312"},
			"status": {"finished"}, "href": {"/accounts/123123/projects/1123123/crawls/124234"},
		}},
		"report download generated": {models.ReportDownloadBody, url.Values{
			"message": {"report_download_available"}, "resource": {"report_download"}, "report_download_id": {"567890"},
			"report_id": {"124234:all_pages:basic"}, "crawl_id": {"124234"}, "project_id": {"1123123"}, "account_id": {"123123"},
			"user_id": {"123123"}, "partner_account_id": {"123123"}, "partner_user_id": {"3333312"}, "status": {"generated"},
			"file_url": {"https://bucket.s3.example.com/report 1.csv?X-Amz-Signature=a+b/c=&x=1"},
			"href":     {"/accounts/123123/projects/1123123/crawls/124234/reports/124234:all_pages:basic/downloads/567890"},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := test.body(seedSubject())
			noError(t, err)
			got, err := url.ParseQuery(string(body))
			noError(t, err)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNoticeBodiesAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	waiting := func() models.Subject {
		s := seedSubject()
		s.ReportDownload = nil
		s.Failure = &models.Failure{
			PublicURL: "https://ringback.example",
			Callback: &models.Callback{
				UID: uuid.MustParse("01990000-0000-7000-8000-000000000001"), Event: models.CrawlFinishedEvent,
				Status: models.StatusPending, NextAttemptAt: new(start.Add(5 * time.Second)),
			},
			Attempt: &models.Attempt{
				Number: 1, HTTPStatus: new(500),
				Error: &models.AttemptError{Code: models.HTTPStatusError, Message: "the receiver answered with the status 500"},
			},
		}
		return s
	}
	givenUp := waiting()
	givenUp.Failure.Callback.Status, givenUp.Failure.Callback.NextAttemptAt = models.StatusFailed, nil
	givenUp.Failure.Attempt.Number = 8
	noAnswer := waiting()
	noAnswer.Failure.Attempt.HTTPStatus = nil
	noAnswer.Failure.Attempt.Error = &models.AttemptError{Code: models.Timeout, Message: "no answer within 30s"}
	noCreator := waiting()
	noCreator.User = nil
	noCreator.Account.PartnerAccountID = nil
	tests := map[string]models.Subject{
		"notice_status_500_will_retry.json": waiting(),
		"notice_given_up.json":              givenUp,
		"notice_no_answer.json":             noAnswer,
		"notice_no_creator.json":            noCreator,
	}
	for name, subject := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := models.CallbackFailedBody(subject)
			noError(t, err)
			golden(t, name, got)
		})
	}
}

func TestTimesLeaveAsISO8601InUTCWithMilliseconds(t *testing.T) {
	t.Parallel()
	at := time.Date(2020, 7, 9, 18, 25, 35, 1_999_999, time.FixedZone("", 2*3600))
	if got := models.FormatTime(at); got != "2020-07-09T16:25:35.001Z" {
		t.Errorf("got %s", got)
	}
}
