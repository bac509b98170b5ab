package models

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Status is the delivery status of a callback. The package comment draws the ways between them.
type Status string

// Statuses of callbacks.
const (
	StatusPending Status = "PENDING" // waiting: for the first time, or between retries
	StatusRunning Status = "RUNNING" // sent, not answered yet
	StatusSuccess Status = "SUCCESS"
	StatusFailed  Status = "FAILED" // given up
)

// Ended tells whether nothing more happens to a callback of this status.
func (s Status) Ended() bool { return s == StatusSuccess || s == StatusFailed }

// Callback is one notification to one receiver, delivered by one or more attempts.
type Callback struct {
	ID int64
	// UID is the callback's own; a replay is a new callback with a new UID.
	UID uuid.UUID
	// Ref names the logical event: it is the UID of the original, and the same on all its replays.
	Ref    uuid.UUID
	Event  EventName
	Status Status

	Target TargetKind
	// TargetURL is the URL as it was resolved last; with TargetRequest, the fixed one.
	TargetURL *string
	// TargetHeaders are the request's own, with TargetRequest only.
	TargetHeaders []Header

	// ContentType and Body are rendered when the callback is created, and sent as they are by every attempt and replay.
	ContentType string
	Body        []byte

	AccountID        int64
	ProjectID        int64
	CrawlID          *int64
	ReportDownloadID *int64
	ReplayOfID       *int64 // the original that this is a replay of
	CauseID          *int64 // the callback whose failure this notice tells of

	// DedupKey names what may happen only once (one event of one source, the nth replay); the database keeps it unique.
	DedupKey string

	AttemptCount  int
	FailureCount  int // attempts that failed; an interrupted one does not use up the schedule
	Epoch         int // counts the wake-ups by the sweep
	NextAttemptAt *time.Time
	// LeaseUntil is set while RUNNING: until then the worker that claimed it is alone in sending it.
	LeaseUntil *time.Time
	// WakeAt is when the sweep wakes the callback if nobody has dealt with it by then.
	WakeAt *time.Time

	// HTTPStatus and Error are those of the last finished attempt.
	HTTPStatus *int
	Error      *AttemptError

	CreatedAt  time.Time
	FinishedAt *time.Time
}

// ObjectID returns the callback's global id.
func (c *Callback) ObjectID() ObjectID { return ObjectID{TypeCallback, c.ID} }

// RawID returns the callback's number as text.
func (c *Callback) RawID() string { return rawIDText(c.ID) }

const (
	// wakeGrace is how long the queue has for a wake-up that is due before the sweep sends another. It bounds how
	// long a callback waits after the queue lost everything: wakeGrace + one sweep = 12 s.
	wakeGrace = 10 * time.Second
	// queueWindow: a wake-up further in the future is left to the sweep, so that the queue holds the near future only.
	queueWindow = time.Minute
	// LeaseMargin is what a lease lasts beyond the request's timeout: time to resolve the target and to record the outcome.
	LeaseMargin = 10 * time.Second
)

// due makes the callback wait for its next attempt at the given time.
func (c *Callback) due(at, now time.Time) {
	wake := at.Add(wakeGrace)
	if at.Sub(now) > queueWindow {
		wake = at
	}
	c.Status, c.NextAttemptAt, c.WakeAt, c.LeaseUntil = StatusPending, &at, &wake, nil
}

// end gives the callback its final status.
func (c *Callback) end(status Status, at time.Time) {
	c.Status, c.FinishedAt = status, &at
	c.NextAttemptAt, c.WakeAt, c.LeaseUntil = nil, nil, nil
}

// wakeup returns the message for the queue; false for a callback that has ended, or whose turn is far away.
func (c *Callback) wakeup() (Wakeup, bool) {
	if c == nil || c.Status != StatusPending || c.WakeAt.Equal(*c.NextAttemptAt) {
		return Wakeup{}, false
	}
	return Wakeup{CallbackID: c.ID, Attempt: c.AttemptCount + 1, Epoch: c.Epoch, At: *c.NextAttemptAt}, true
}

// CallbackStore keeps callbacks and their attempts.
type CallbackStore interface {
	CallbackHistory

	// Owners returns a project and its account, also when the project is deleted.
	Owners(ctx context.Context, projectID int64) (*Account, *Project, error)
	// CreateCallback sets the ID. A DedupKey that is taken is a CONFLICT.
	CreateCallback(ctx context.Context, c *Callback) error
	// CallbackByDedupKey returns NotFound where there is none.
	CallbackByDedupKey(ctx context.Context, key string) (*Callback, error)
	LockCallback(ctx context.Context, scope Scope, id int64) (*Callback, error)

	// ClaimCallback turns a PENDING callback that is due into a RUNNING one with a lease and its next attempt number, in one
	// statement. It returns nil when there is nothing to claim: not due, in another hand, or ended.
	ClaimCallback(ctx context.Context, id int64, now, leaseUntil time.Time) (*Callback, error)
	CreateAttempt(ctx context.Context, a *Attempt) error
	FinishAttempt(ctx context.Context, a *Attempt) error
	// SettleCallback writes what became of a RUNNING callback. It returns false, and writes nothing, when another worker has
	// claimed it since: the attempt count is the fence.
	SettleCallback(ctx context.Context, c *Callback) (bool, error)

	// InterruptExpired makes RUNNING callbacks whose lease ran out PENDING again, and their open attempts INTERRUPTED.
	InterruptExpired(ctx context.Context, now time.Time, limit int) (int, error)
	// DueForWaking moves WakeAt of PENDING callbacks that it has passed to next, counts up their epoch and returns them.
	// Callers at the same moment get different ones.
	DueForWaking(ctx context.Context, now, next time.Time, limit int) ([]*Callback, error)
}

// raise creates the callback of an event within the transaction that made it happen. It returns nil when there is nowhere
// to call back to. Of the subject, the source is given; its account, project and user are read here.
func (s *Service) raise(ctx context.Context, tx Store, name EventName, dedupKey string, projectID int64, subject Subject) (*Callback, error) {
	if err := fillSubject(ctx, tx, projectID, &subject); err != nil {
		return nil, err
	}
	rules := events[name]
	target, err := resolveTarget(ctx, tx, &Callback{Target: rules.target}, subject.Account, subject.Project)
	if err != nil || target.URL == "" || subject.Project.DeletedAt != nil {
		return nil, err
	}
	body, err := rules.body(subject)
	if err != nil {
		return nil, err
	}
	at := s.now()
	c := &Callback{
		UID: newUID(), Event: name, Target: rules.target, TargetURL: &target.URL, ContentType: rules.contentType, Body: body,
		AccountID: subject.Account.ID, ProjectID: subject.Project.ID, DedupKey: dedupKey, CreatedAt: at,
	}
	c.Ref = c.UID
	c.link(subject)
	c.due(at, at)
	return c, tx.CreateCallback(ctx, c)
}

// link points the callback at its source.
func (c *Callback) link(s Subject) {
	if s.Crawl != nil {
		c.CrawlID = &s.Crawl.ID
	}
	if s.ReportDownload != nil {
		c.ReportDownloadID = &s.ReportDownload.ID
	}
	if s.Failure != nil {
		c.CauseID = &s.Failure.Callback.ID
	}
}

// fillSubject reads the account, the project and the user of a subject. The user is the crawl's creator; where the crawl has
// none here, the report download's.
func fillSubject(ctx context.Context, tx Store, projectID int64, s *Subject) (err error) {
	if s.Account, s.Project, err = tx.Owners(ctx, projectID); err != nil {
		return err
	}
	var creator *int64
	if s.Crawl != nil {
		creator = s.Crawl.CreatedByUserID
	}
	if creator == nil && s.ReportDownload != nil {
		creator = s.ReportDownload.CreatedByUserID
	}
	if creator == nil {
		return nil
	}
	s.User, err = one(tx.Users(ctx, *creator))(TypeUser)
	return err
}

// callbackOf returns the callback that was created under a key, nil where none was due.
func callbackOf(ctx context.Context, tx Store, dedupKey string) (*Callback, error) {
	c, err := tx.CallbackByDedupKey(ctx, dedupKey)
	if ErrorCode(err) == CodeNotFound {
		return nil, nil
	}
	return c, err
}

// newUID returns a UUIDv7: unique, and in the order of time.
func newUID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
