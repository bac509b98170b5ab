package models_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

// claimed makes callbacks that are due, and claims as many: what a worker has in hand.
func (w *world) claimed(like *models.Callback, count int) []*models.Delivery {
	w.t.Helper()
	w.waiting(like, projectHost, count)
	w.clock.advance(time.Second)
	deliveries := w.claimLane(w.lane(projectHost), count)
	if len(deliveries) != count {
		w.t.Fatalf("claimed %d, want %d", len(deliveries), count)
	}
	return deliveries
}

// perCallback reports the time of one callback of a batch.
func perCallback(b *testing.B, batch int) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/callback")
}

func BenchmarkClaim(b *testing.B) {
	for _, batch := range []int{1, 16, 100} {
		b.Run(strconv.Itoa(batch)+" at a time", func(b *testing.B) {
			w := newWorld(b)
			like := w.raised()
			for b.Loop() {
				b.StopTimer()
				w.waiting(like, projectHost, batch)
				w.clock.advance(time.Second)
				b.StartTimer()
				if deliveries, _, _, err := w.Claim(b.Context(), of(w.lane(projectHost), batch)); err != nil || len(deliveries) != batch {
					b.Fatalf("claimed %d: %v", len(deliveries), err)
				}
			}
			perCallback(b, batch)
		})
	}
}

func BenchmarkRecord(b *testing.B) {
	const batch = 16 // RINGBACK_PER_HOST's default: what one receiver has in flight
	for name, record := range map[string]func(*world, []*models.Delivery) error{
		"one by one": func(w *world, deliveries []*models.Delivery) error {
			for _, d := range deliveries {
				if err := w.Settle(w.t.Context(), w.Decide(d, answered(200))); err != nil {
					return err
				}
			}
			return nil
		},
		"all at once": func(w *world, deliveries []*models.Delivery) error {
			errs := make([]error, len(deliveries))
			atOnce(len(deliveries), func(i int) { errs[i] = w.Settle(w.t.Context(), w.Decide(deliveries[i], answered(200))) })
			for _, err := range errs {
				if err != nil {
					return err
				}
			}
			return nil
		},
	} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b)
			like := w.raised()
			for b.Loop() {
				b.StopTimer()
				deliveries := w.claimed(like, batch)
				b.StartTimer()
				if err := record(w, deliveries); err != nil {
					b.Fatal(err)
				}
			}
			perCallback(b, batch)
		})
	}
}
