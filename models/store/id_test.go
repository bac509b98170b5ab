package store_test

import (
	"math"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// Larger ids than MaxRawID are from before there was a limit; SQLite's counter could go no further.
func TestLargestIDKeepsNobodyFromGettingANewOne(t *testing.T) {
	t.Parallel()
	for name, largest := range map[string][]int64{
		"that may be":     {models.MaxRawID},
		"that could be":   {math.MaxInt64},
		"several":         {models.MaxRawID, models.MaxRawID - 1, models.MaxRawID + 1, math.MaxInt64},
		"behind a gap":    {models.MaxRawID, 500, 501},
		"where one waits": {2, 3, models.MaxRawID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := storetest.Open(t)
			ctx := t.Context()
			n := newCustomer(t, s, "A")
			create := map[string]func(id int64) int64{
				"account": func(id int64) int64 {
					a := &tenant.Account{ID: id, Name: "A", Timezone: "UTC", CreatedAt: start, UpdatedAt: start}
					modelstest.NoError(t, s.CreateAccount(ctx, a))
					return a.ID
				},
				"project": func(id int64) int64 {
					p := &tenant.Project{ID: id, AccountID: n.account.ID, Name: "P", CreatedAt: start, UpdatedAt: start}
					modelstest.NoError(t, s.CreateProject(ctx, p))
					return p.ID
				},
				"user": func(id int64) int64 {
					u := &tenant.User{ID: id, Email: newUID().String() + "@example.com", CreatedAt: start}
					modelstest.NoError(t, s.CreateUser(ctx, u, nil))
					return u.ID
				},
				"SSO client": func(id int64) int64 {
					c := &tenant.SSOClient{ID: id, Name: "S", CreatedAt: start, UpdatedAt: start}
					modelstest.NoError(t, s.CreateSSOClient(ctx, c))
					return c.ID
				},
				"crawl": func(id int64) int64 {
					c := &crawl.Crawl{
						ID: id, AccountID: n.account.ID, ProjectID: n.project.ID, Kind: crawl.Standard, Status: crawl.Queued,
						CreatedAt: start,
					}
					modelstest.NoError(t, s.CreateCrawl(ctx, c))
					return c.ID
				},
				"report download": func(id int64) int64 {
					d := &crawl.ReportDownload{
						ID: id, AccountID: n.account.ID, ProjectID: n.project.ID, CrawlID: n.crawl.ID, ReportTemplateCode: "a",
						ReportTypeCode: crawl.ReportBasic, Status: crawl.ReportDownloadGenerating, CreatedAt: start,
					}
					_, err := s.CreateReportDownload(ctx, d)
					modelstest.NoError(t, err)
					return d.ID
				},
			}
			for what, create := range create {
				for _, id := range largest {
					create(id)
				}
				seen := map[int64]bool{}
				for range 4 {
					id := create(0)
					if id < 1 || id > models.MaxRawID || seen[id] {
						t.Errorf("%s: got the id %d", what, id)
					}
					seen[id] = true
				}
			}
		})
	}
}
