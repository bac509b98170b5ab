package run

import (
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models/callback"
)

// What the tests of the rules reach past the use-cases.
var (
	BatchBody    = batchBody
	FinishedBody = finishedBody
	ResultBody   = resultBody
)

// Statuses are those of runs.
var Statuses = []Status{
	Created, Invalid, Queued, Scheduled, Blocked, Stopped, Running, Failed, PartialSucceeded, Succeeded,
}

// Become changes the status of a run, if there is a way.
func (r *Run) Become(status Status, at time.Time) error { return r.become(status, at) }

// TakeAnswer ends a batch with an answer, or tells that the executor is to be asked again.
func TakeAnswer(b *Batch, o callback.Outcome, run *Run, at time.Time) (*Batch, bool) {
	answer := readAnswer(o, uuid.Nil, nil)
	if answer.retryable {
		return b, true
	}
	b.finish(answer, run, at)
	return b, false
}
