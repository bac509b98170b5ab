package models_test

import (
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

// BenchmarkFireSchedules fires 3,000 that are due at one moment.
func BenchmarkFireSchedules(b *testing.B) {
	const many = 3_000
	w := newWorld(b)
	w.newAction()
	for range many {
		in := w.aRun()
		in.Schedule = &models.NewSchedule{Cron: new("0 * * * *")}
		_, err := w.CreateRun(b.Context(), w.editor, in)
		noError(b, err)
	}
	for b.Loop() {
		b.StopTimer()
		w.clock.advance(time.Hour)
		b.StartTimer()
		if fired, err := w.FireSchedules(b.Context()); fired != many || err != nil {
			b.Fatalf("%d fired: %v", fired, err)
		}
	}
}
