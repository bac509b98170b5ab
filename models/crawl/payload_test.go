package crawl_test

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

// seed has the numbers of the published examples.
type seed struct {
	callback.Envelope
	crawl  *crawl.Crawl
	report *crawl.ReportDownload
}

func newSeed() seed {
	return seed{
		Envelope: callback.Envelope{
			Owners: callback.Owners{
				Account: &tenant.Account{ID: 123123, Name: "Acme", PartnerAccountID: new("123123")},
				Project: &tenant.Project{ID: 1123123, Name: "Shop", PrimaryDomain: "https://www.example.com/"},
			},
			Creator: &tenant.User{
				ID: 123123, FirstName: new("Demo"), LastName: new("User"), PartnerUserID: new("3333312"),
			},
		},
		crawl: &crawl.Crawl{ID: 124234},
		report: &crawl.ReportDownload{
			ID: 567890, CrawlID: 124234, ReportTemplateCode: "all_pages", ReportTypeCode: crawl.ReportBasic,
			FileURL: new("https://bucket.s3.example.com/report 1.csv?X-Amz-Signature=a+b/c=&x=1"),
		},
	}
}

func crawlFinished(s seed) ([]byte, error) { return crawl.FinishedBody(s.Envelope, s.crawl) }

func reportGenerated(s seed) ([]byte, error) {
	return crawl.ReportDownloadBody(s.Envelope, s.crawl, s.report)
}

func TestFormBodiesAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	segmented := newSeed()
	segmented.report.SegmentID = new(int64(42))
	missing := newSeed()
	missing.Creator, missing.Account.PartnerAccountID = nil, nil
	noPartner := newSeed()
	noPartner.Creator.PartnerUserID = nil
	tests := map[string]struct {
		body    func(seed) ([]byte, error)
		subject seed
	}{
		"crawl_finished.txt":                    {crawlFinished, newSeed()},
		"crawl_finished_nothing_available.txt":  {crawlFinished, missing},
		"crawl_finished_no_partner_user.txt":    {crawlFinished, noPartner},
		"report_download.txt":                   {reportGenerated, newSeed()},
		"report_download_segment.txt":           {reportGenerated, segmented},
		"report_download_nothing_available.txt": {reportGenerated, missing},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := test.body(test.subject)
			if err != nil {
				t.Fatal(err)
			}
			modelstest.Golden(t, name, got)
		})
	}
}

// The golden file could be rewritten by mistake; these values are copied from the published text by hand.
func TestFormBodyReadsBackAsTheSeedsExample(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body func(seed) ([]byte, error)
		want url.Values
	}{
		"crawl finished": {crawlFinished, url.Values{
			"message": {"crawl_status"}, "resource": {"crawl"}, "crawl_id": {"124234"}, "project_id": {"1123123"},
			"account_id": {"123123"}, "user_id": {"123123"}, "partner_account_id": {"123123"}, "partner_user_id": {"3333312"},
			"status": {"finished"}, "href": {"/accounts/123123/projects/1123123/crawls/124234"},
		}},
		"report download generated": {reportGenerated, url.Values{
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
			body, err := test.body(newSeed())
			if err != nil {
				t.Fatal(err)
			}
			got, err := url.ParseQuery(string(body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func BenchmarkFormBody(b *testing.B) {
	for name, build := range map[string]func(seed) ([]byte, error){
		"crawl finished": crawlFinished, "report download": reportGenerated,
	} {
		b.Run(name, func(b *testing.B) {
			subject := newSeed()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := build(subject); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
