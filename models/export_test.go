package models

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
)

// What the tests of the rules reach past the use-cases.
var (
	CrawlFinishedBody  = crawlFinishedBody
	ReportDownloadBody = reportDownloadBody
	CallbackFailedBody = callbackFailedBody
	RunBatchBody       = runBatchBody
	RunFinishedBody    = runFinishedBody
	RunResultBody      = runResultBody
	JobUpdatedBody     = jobUpdatedBody
	Redact             = redact
	LoadZone           = loadZone
)

// RedactStates is how many states the automaton has that masks headers in an answer of a length.
func RedactStates(headers []SourcedHeader, length int) int {
	return len(newAutomaton(wordsOf(headers, length)).last)
}

// Secrets returns what a delivery is signed with.
func (d *Delivery) Secrets() []*SigningSecret { return d.secrets }

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

// Change changes a job, if its state allows it; Check and Repeats are what UpdateJob asks before.
func (j *Job) Change(in JobChange, at time.Time) error { return j.change(in, at) }

// Check tells whether a change can be one at all.
func (in JobChange) Check() error { return in.check() }

// Repeats tells whether a change is the last one once more.
func (j *Job) Repeats(in JobChange) bool { return j.repeats(in) }

// Limits of combined work.
const (
	MaxCombined     = maxCombined
	CombinedTimeout = combinedTimeout
)

// Combine returns a function that does calls as a combiner does them.
func Combine[In, Out any](work func(context.Context, []In) ([]Out, error), after func(context.Context, []Out)) func(context.Context, In) (Out, error) {
	return CombineGathering(0, work, after)
}

// CombineGathering is Combine where a shared work waits so long for more calls.
func CombineGathering[In, Out any](gather time.Duration, work func(context.Context, []In) ([]Out, error), after func(context.Context, []Out)) func(context.Context, In) (Out, error) {
	return (&combiner[In, Out]{
		work: work, after: after, timeout: combinedTimeout, gather: gather, log: slog.New(slog.DiscardHandler),
		troubles: NewTroubles(slog.New(slog.DiscardHandler)),
	}).do
}

// IsShared tells an error of the work for several calls from one of the call itself.
func IsShared(err error) bool { return errors.As(err, new(sharedError)) }

// Gathered counts the ends of crawls that wait for the transaction that is under way.
func (s *Service) Gathered() int {
	s.crawlEnds.mu.Lock()
	defer s.crawlEnds.mu.Unlock()
	return len(s.crawlEnds.waiting)
}
