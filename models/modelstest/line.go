package modelstest

import (
	"time"

	"github.com/ringback/ringback/models/callback"
)

// NewLine makes a job and changes it so many times: a line of callbacks, the first of which may be sent. Their wake-ups
// are forgotten.
func (w *World) NewLine(n int) []*callback.Callback {
	w.T.Helper()
	j := w.NewJobs(1)[0]
	line := []*callback.Callback{w.MustChange(j, JobCompleted())}
	for len(line) < n {
		line = append(line, w.MustChange(j, JobEdited(`"boot"`)))
	}
	w.Queue.Take()
	return line
}

// WantHeld checks that a callback waits for others of its line: whatever the time, nobody can take it.
func (w *World) WantHeld(id int64) {
	w.T.Helper()
	c := w.ReadCallback(id)
	if c.Status != callback.StatusPending || !c.Held || c.NextAttemptAt != nil || c.AttemptCount != 0 {
		w.T.Errorf("want it to be held, got %+v", c)
	}
	if w.Due(c) {
		w.T.Errorf("callback %d is due", id)
	}
}

// WantInFront checks that a callback has nobody before it any more: it is due since a time.
func (w *World) WantInFront(id int64, since time.Time) {
	w.T.Helper()
	c := w.ReadCallback(id)
	if c.Status != callback.StatusPending || c.Held || c.NextAttemptAt == nil || !c.NextAttemptAt.Equal(since) {
		w.T.Errorf("want it due at %s, got %+v", since, c)
	}
}
