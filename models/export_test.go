package models

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// What the tests of the rules reach past the use-cases.
var (
	CallbackFailedBody = callbackFailedBody
	RunBatchBody       = runBatchBody
	RunFinishedBody    = runFinishedBody
	RunResultBody      = runResultBody
)

// DigestAgain reads a callbacks-failed notice, which may have nothing else, and writes it.
func DigestAgain(body []byte) ([]byte, error) {
	var n digestNotice
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&n); err != nil {
		return nil, err
	}
	return json.Marshal(n)
}

// RedactStates is how many states the automaton has that masks headers in an answer of a length.
func RedactStates(headers []SourcedHeader, length int) int {
	return len(newAutomaton(wordsOf(headers, length)).last)
}

// Secrets returns what a delivery is signed with.
func (d *Delivery) Secrets() []*SigningSecret { return d.secrets }

// SettleTogether writes settlements in one transaction.
func (s *Service) SettleTogether(ctx context.Context, settlements ...*Settlement) error {
	_, err := s.settleAll(ctx, settlements)
	return err
}

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
