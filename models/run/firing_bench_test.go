package run_test

import (
	"testing"
	"time"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// BenchmarkFireSchedules fires 3,000 that are due at one moment.
func BenchmarkFireSchedules(b *testing.B) {
	const many = 3_000
	w := modelstest.NewWorld(b)
	w.NewAction()
	for range many {
		in := w.RunInput()
		in.Schedule = &run.NewSchedule{Cron: new("0 * * * *")}
		_, err := w.CreateRun(b.Context(), w.Editor, in)
		modelstest.NoError(b, err)
	}
	for b.Loop() {
		b.StopTimer()
		w.Clock.Advance(time.Hour)
		b.StartTimer()
		if fired, err := w.Firings.Fire(b.Context()); fired != many || err != nil {
			b.Fatalf("%d fired: %v", fired, err)
		}
	}
}
