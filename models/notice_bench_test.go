package models_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

// BenchmarkFailures writes failures of one project as two workers do that have 64 requests each in flight, and beside them, one after the
// other, failures of another partner's account.
func BenchmarkFailures(b *testing.B) {
	for _, mode := range []models.NoticeMode{models.NoticeEach, models.NoticeDigest} {
		b.Run(string(mode), func(b *testing.B) {
			const workers, failures, beside = 2, 1024, 20
			w := newWorld(b)
			w.noticeMode(mode)
			sibling := w.newSibling()
			in := w.ended(1000)
			in.ProjectID = &sibling.ID
			_, other, err := w.FinishCrawl(b.Context(), w.platform, in)
			noError(b, err)
			like := w.raised()
			services := []*models.Service{w.Service, w.on(w.store)}
			var waits []time.Duration
			for b.Loop() {
				b.StopTimer()
				hot := w.claimed(like, failures)
				w.waiting(other, projectHost, beside)
				w.clock.advance(time.Second)
				few := w.claimLane(laneOf(sibling, projectHost), beside)
				b.StartTimer()
				var group sync.WaitGroup
				for worker := range workers * 64 {
					group.Go(func() {
						for i := worker; i < failures; i += workers * 64 {
							noError(b, services[i%workers].Settle(b.Context(), services[i%workers].Decide(hot[i], answered(500))))
						}
					})
				}
				group.Go(func() {
					for _, d := range few {
						began := time.Now()
						noError(b, w.Settle(b.Context(), w.Decide(d, answered(500))))
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
func (w *world) newSibling() *models.Project {
	w.t.Helper()
	client, err := w.CreateSSOClient(w.t.Context(), w.platform, models.NewSSOClient{
		Name: "Other SSO", Webhook: models.EndpointUpdate{URL: models.Given(new(webhookURL))},
	})
	noError(w.t, err)
	account, err := w.CreateAccount(w.t.Context(), w.platform, models.NewAccount{Name: "Sibling", SSOClientID: &client.ID})
	noError(w.t, err)
	return w.newProject(account, new(projectURL))
}
