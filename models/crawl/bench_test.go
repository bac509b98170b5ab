package crawl_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// publishers is how many finish crawls at the same time.
const publishers = 32

func BenchmarkFinishCrawl(b *testing.B) {
	var statements, ids atomic.Int64
	count := func(context.Context, string, time.Duration) { statements.Add(1) }
	db := storetest.Open(b, store.WithMaxConns(20), store.WithStatementLog(count)) // as many as a server has
	services := modelstest.Wiring{Store: db, Rules: callback.Rules{Schedule: modelstest.TwoRetries}}.Services()
	tenants, crawls := services.Tenants, services.CrawlService
	ctx, platform := b.Context(), models.PlatformActor()
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	account, err := tenants.CreateAccount(ctx, platform, tenant.NewAccount{Name: "Acme"})
	must(err)
	user := &tenant.User{Email: "demo@example.com", CreatedAt: time.Now()}
	must(db.CreateUser(ctx, user, nil))
	project, err := tenants.CreateProject(ctx, platform, tenant.NewProject{
		AccountID: account.ID, Name: "Shop", PrimaryDomain: "https://www.example.com/",
		Callback: models.EndpointUpdate{URL: models.Given(new(modelstest.ProjectURL))},
	})
	must(err)
	statements.Store(0)
	b.ResetTimer()
	b.SetParallelism(publishers / runtime.GOMAXPROCS(0))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, _, err := crawls.FinishCrawl(ctx, platform, crawl.End{
				CrawlID: ids.Add(1), ProjectID: &project.ID, CreatedByUserID: &user.ID, Kind: crawl.Standard,
				Status: crawl.Finished,
			})
			if err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	b.ReportMetric(float64(statements.Load())/float64(b.N), "statements/call")
}
