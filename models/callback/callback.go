package callback

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
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

// Statuses returns all statuses.
func Statuses() []Status { return []Status{StatusPending, StatusRunning, StatusSuccess, StatusFailed} }

// Ended reports whether nothing more happens to a callback of this status.
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
	// Lane is where it waits, by its target as it was resolved last. That of one from before there were lanes is
	// empty until a sweep has given it one.
	Lane Lane
	// TargetHeaders are the request's own, with TargetRequest only. Unreadable is why they could not be read, nil
	// when they could.
	TargetHeaders []models.Header
	Unreadable    error

	// ContentType and Body are rendered when the callback is created, and sent as they are by every attempt and
	// replay.
	ContentType string
	Body        []byte
	// BodyBytes is the size of a body that a claim has left out, 0 where it is in Body.
	BodyBytes int64

	AccountID int64
	ProjectID int64
	// SSOClientID is whose webhook a notice goes to, as the database has it; nil: it is none, or was not read from there.
	SSOClientID *int64
	Source      Source
	// CreatedByUserID is who created the source, nil where nobody did, and where the release before has written the
	// callback.
	CreatedByUserID *int64
	ReplayOfID      *int64 // the original that this is a replay of
	// ReplayedByUserID is who has replayed it; nil: it is no replay, a key has, or the release before has written it.
	ReplayedByUserID *int64
	CauseID          *int64 // the callback whose failure this notice is of

	// ReplayCount is the number of the last replay that is counted here: the history leaves it out, and so did
	// earlier releases.
	ReplayCount int

	// DedupKey names what may happen only once (one event of one source, the nth replay); the database keeps it
	// unique.
	DedupKey string
	// OrderingKey makes a line of the callbacks that share it: they are delivered one after the other, in the order
	// of their creation. Empty: in any order.
	OrderingKey string
	// Held is set while an earlier callback of the line has not ended: this one is not due, whatever the time.
	Held bool
	// Paused is set while its project or its account is: it is not due, whatever the time.
	Paused bool
	// Released is whose turn it is since this one lined up, to be woken with it; nil: nobody's.
	Released *Callback

	AttemptCount int
	Tries
	NextAttemptAt *time.Time
	// LeaseUntil is set while RUNNING: until then the worker that claimed it is alone in sending it. It renews it for
	// as long as it lives.
	LeaseUntil *time.Time

	// HTTPStatus and Error are those of the last finished attempt.
	HTTPStatus *int
	Error      *AttemptError

	CreatedAt  time.Time
	FinishedAt *time.Time
	// PayloadPurgedAt is when the Body and the answers of the attempts were deleted; nil: they are there.
	PayloadPurgedAt *time.Time
}

// ObjectID returns the callback's global id.
func (c *Callback) ObjectID() models.ObjectID {
	return models.ObjectID{Type: models.TypeCallback, Raw: c.ID}
}

// RawID returns the callback's number as text.
func (c *Callback) RawID() string { return models.RawIDText(c.ID) }

// ListCursor is the callback's place in a list.
func (c *Callback) ListCursor() models.Cursor { return models.Cursor{At: c.CreatedAt, ID: c.ID} }

// QueueWindow is how far in the future a wake-up may be: what is due later is left to the sweep, so that the queue
// holds the near future only.
const QueueWindow = time.Minute

// due makes the callback wait for its next attempt at the given time.
func (c *Callback) due(at time.Time) {
	c.Status, c.NextAttemptAt, c.LeaseUntil, c.Paused = StatusPending, &at, nil, false
}

// claimed returns the callback as it is in a worker's hand.
func (c *Callback) claimed(at time.Time) *Callback {
	claimed := *c
	claimed.Status, claimed.NextAttemptAt, claimed.LeaseUntil = StatusRunning, nil, new(at.Add(LeaseTime))
	claimed.AttemptCount++
	return &claimed
}

// setTarget points the callback at a target.
func (c *Callback) setTarget(t tenant.Target, owners Owners) {
	bulk := c.Lane.Bulk
	c.TargetURL, c.Lane = nil, laneOf(t, owners)
	c.Lane.Test, c.Lane.Bulk = c.rules().test, bulk
	if t.URL != "" {
		c.TargetURL = &t.URL
	}
}

// resolveTarget returns where a callback goes as things are now. What of it cannot be read is no error, but stands in
// the target: the URL is known all the same.
func resolveTarget(ctx context.Context, tx PartiesTx, c *Callback, owners Owners) (tenant.Target, error) {
	switch c.Target {
	case TargetRequest:
		own := models.Endpoint{URL: c.TargetURL, Headers: c.TargetHeaders, Unreadable: c.Unreadable}
		return tenant.TargetOf(tenant.LevelRequest, own), nil
	case TargetConfigured:
		return tenant.EffectiveTarget(owners.Account.Callback, owners.Project.Callback), nil
	}
	if owners.Account.SSOClientID == nil {
		return tenant.Target{}, nil
	}
	client, err := models.One(tx.SSOClients(ctx, *owners.Account.SSOClientID))(tenant.TypeSSOClient)
	if err != nil {
		return tenant.Target{}, err
	}
	return tenant.TargetOf(tenant.LevelSSOClient, client.Webhook), nil
}

// end gives the callback its final status.
func (c *Callback) end(status Status, at time.Time) {
	c.Status, c.FinishedAt = status, &at
	c.NextAttemptAt, c.LeaseUntil, c.Paused = nil, nil, false
}

// wakeup returns the message for the queue; false for a callback that has ended, or whose turn is far away.
func (c *Callback) wakeup(now time.Time) (Wakeup, bool) {
	if c == nil || c.Status != StatusPending || c.Held || c.Paused || c.NextAttemptAt.Sub(now) > QueueWindow {
		return Wakeup{}, false
	}
	return Wakeup{
		Lane: c.Lane, At: *c.NextAttemptAt, CallbackID: c.ID, Event: c.Event, First: c.AttemptCount == 0,
	}, true
}
