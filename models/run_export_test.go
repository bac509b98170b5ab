package models

import (
	"time"

	"github.com/google/uuid"
)

// What the tests of runs reach past the use-cases.
var (
	RunBatchBody    = runBatchBody
	RunFinishedBody = runFinishedBody
	RunResultBody   = runResultBody
)

// The statuses of runs, and the ways between them.
var RunStatuses = []RunStatus{
	RunCreated, RunInvalid, RunQueued, RunScheduled, RunBlocked, RunStopped, RunRunning, RunFailed, RunPartialSucceeded, RunSucceeded,
}

// Become changes the status of a run, if there is a way.
func (r *Run) Become(status RunStatus, at time.Time) error { return r.become(status, at) }

// TakeAnswer ends a batch with an answer, or tells that the executor is to be asked again.
func TakeAnswer(b *Batch, o Outcome, run *Run, at time.Time) (*Batch, bool) {
	answer := readAnswer(o, uuid.Nil, nil)
	if answer.mayChange {
		return b, true
	}
	b.take(answer, run, at)
	return b, false
}
