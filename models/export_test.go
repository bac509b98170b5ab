package models

import "time"

// What the tests of the rules reach past the use-cases.
var (
	CrawlFinishedBody  = crawlFinishedBody
	ReportDownloadBody = reportDownloadBody
	CallbackFailedBody = callbackFailedBody
	RetryAfter         = retryAfter
	Redact             = redact
)

// Secrets returns what a delivery is signed with.
func (d *Delivery) Secrets() []*SigningSecret { return d.secrets }

// The statuses of runs, and the ways between them.
var RunStatuses = []RunStatus{
	RunCreated, RunInvalid, RunQueued, RunScheduled, RunBlocked, RunStopped, RunRunning, RunFailed, RunPartialSucceeded, RunSucceeded,
}

// Become changes the status of a run, if there is a way.
func (r *Run) Become(status RunStatus, at time.Time) error { return r.become(status, at) }
