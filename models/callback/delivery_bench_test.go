package callback_test

import (
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

// perCallback reports the time of one callback of a batch.
func perCallback(b *testing.B, batch int) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/callback")
}

func BenchmarkClaim(b *testing.B) {
	for _, batch := range []int{1, 16, 100} {
		b.Run(strconv.Itoa(batch)+" at a time", func(b *testing.B) {
			w := modelstest.NewWorld(b)
			like := w.NewCallback()
			for b.Loop() {
				b.StopTimer()
				w.MoreCallbacks(like, modelstest.ProjectHost, batch)
				w.Clock.Advance(time.Second)
				b.StartTimer()
				if deliveries, _, _, err := w.Claim(
					b.Context(), modelstest.Limit(w.Lane(modelstest.ProjectHost), batch),
				); err != nil || len(deliveries) != batch {
					b.Fatalf("claimed %d: %v", len(deliveries), err)
				}
			}
			perCallback(b, batch)
		})
	}
}

func BenchmarkRecord(b *testing.B) {
	const batch = 16 // RINGBACK_PER_HOST's default: what one receiver has in flight
	for name, record := range map[string]func(*modelstest.World, []*callback.Delivery) error{
		"one by one": func(w *modelstest.World, deliveries []*callback.Delivery) error {
			for _, d := range deliveries {
				if err := w.Settle(w.T.Context(), w.Decide(d, modelstest.Answered(200))); err != nil {
					return err
				}
			}
			return nil
		},
		"all at once": func(w *modelstest.World, deliveries []*callback.Delivery) error {
			errs := make([]error, len(deliveries))
			modelstest.AtOnce(
				len(deliveries),
				func(i int) { errs[i] = w.Settle(w.T.Context(), w.Decide(deliveries[i], modelstest.Answered(200))) },
			)
			for _, err := range errs {
				if err != nil {
					return err
				}
			}
			return nil
		},
	} {
		b.Run(name, func(b *testing.B) {
			w := modelstest.NewWorld(b)
			like := w.NewCallback()
			for b.Loop() {
				b.StopTimer()
				deliveries := w.MustClaimMany(like, batch)
				b.StartTimer()
				if err := record(w, deliveries); err != nil {
					b.Fatal(err)
				}
			}
			perCallback(b, batch)
		})
	}
}

// BenchmarkFailures writes failures of one project as two workers do that have 64 requests each in flight, and beside
// them, one after the other, failures of another partner's account.
func BenchmarkFailures(b *testing.B) {
	for _, mode := range []tenant.NoticeMode{tenant.NoticeEach, tenant.NoticeDigest} {
		b.Run(string(mode), func(b *testing.B) {
			const workers, failures, beside = 2, 1024, 20
			w := modelstest.NewWorld(b)
			w.SetNoticeMode(mode)
			sibling := newSibling(w)
			in := w.CrawlEnd(1000)
			in.ProjectID = &sibling.ID
			_, other, err := w.FinishCrawl(b.Context(), w.Platform, in)
			modelstest.NoError(b, err)
			like := w.NewCallback()
			services := []*callback.Service{w.Service, w.ServiceOn(nil)}
			var waits []time.Duration
			for b.Loop() {
				b.StopTimer()
				hot := w.MustClaimMany(like, failures)
				w.MoreCallbacks(other, modelstest.ProjectHost, beside)
				w.Clock.Advance(time.Second)
				few := w.ClaimLane(modelstest.LaneOf(sibling, modelstest.ProjectHost), beside)
				b.StartTimer()
				var group sync.WaitGroup
				for worker := range workers * 64 {
					group.Go(func() {
						for i := worker; i < failures; i += workers * 64 {
							modelstest.NoError(
								b,
								services[i%workers].Deliveries.Settle(
									b.Context(), services[i%workers].Deliveries.Decide(hot[i], modelstest.Answered(500)),
								),
							)
						}
					})
				}
				group.Go(func() {
					for _, d := range few {
						began := time.Now()
						modelstest.NoError(b, w.Settle(b.Context(), w.Decide(d, modelstest.Answered(500))))
						waits = append(waits, time.Since(began))
					}
				})
				group.Wait()
			}
			perCallback(b, failures)
			slices.Sort(waits)
			b.ReportMetric(float64(waits[len(waits)/2].Microseconds())/1000, "sibling-median-ms")
			b.ReportMetric(float64(waits[len(waits)-1].Microseconds())/1000, "sibling-longest-ms")
		})
	}
}

// newSibling is a project of an account of another partner, that has a notice of each failure.
func newSibling(w *modelstest.World) *tenant.Project {
	w.T.Helper()
	client, err := w.CreateSSOClient(w.T.Context(), w.Platform, tenant.NewSSOClient{
		Name: "Other SSO", Webhook: models.EndpointUpdate{URL: models.Given(new(modelstest.WebhookURL))},
	})
	modelstest.NoError(w.T, err)
	account, err := w.CreateAccount(w.T.Context(), w.Platform, tenant.NewAccount{Name: "Sibling", SSOClientID: &client.ID})
	modelstest.NoError(w.T, err)
	return w.NewProject(account, new(modelstest.ProjectURL))
}
