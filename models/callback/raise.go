package callback

import (
	"cmp"
	"context"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// Tx is what the engine asks of a transaction in which a callback is raised. The port of a source has it too, so that
// the source's own transaction can be handed to Raise.
type Tx interface {
	PartiesTx
	LineTx
	HealthTx

	// CreateCallbacks sets the IDs. A DedupKey that is taken is a CONFLICT.
	CreateCallbacks(ctx context.Context, callbacks ...*Callback) error
	// CallbacksByDedupKey returns them without their bodies and headers.
	CallbacksByDedupKey(ctx context.Context, keys ...string) ([]*Callback, error)
}

// StartTx is Tx where callbacks may start with their creation.
type StartTx interface {
	Tx
	tenant.SecretsTx
	// CreateStarted is CreateCallbacks with the attempts of those that start.
	CreateStarted(ctx context.Context, starts []Start) error
}

// Start is a callback that is about to be created, with its attempt; nil where it is to wait.
type Start struct {
	Callback *Callback
	Attempt  *Attempt
}

// Occasion is what a callback is raised for.
type Occasion struct {
	Event EventName
	// DedupKey names the event of its source: there is one callback for it.
	DedupKey string
	// OrderingKey is Callback.OrderingKey.
	OrderingKey string
	ProjectID   int64
	Source      Source
	CreatorID   *int64 // who created the source, nil where nobody did
	// Request is where the request itself said that its callbacks go; nil: as the event's rules have it.
	Request *models.Endpoint
	// Render makes the body, once, when the callback is created: not where there is nowhere to call back to.
	Render func(Envelope) ([]byte, error)
	// Target and ContentType are of a test only; empty: as the event's rules have them.
	Target      TargetKind
	ContentType string

	causeID   *int64    // the callback whose failure it is of
	notBefore time.Time // when it is due; zero: now
}

// envelope is what is known for its payload.
func (o Occasion) envelope(parties Parties) (e Envelope, err error) {
	if e.Owners, err = parties.Owner(o.ProjectID); err != nil || o.CreatorID == nil {
		return e, err
	}
	e.Creator, err = parties.User(*o.CreatorID)
	return e, err
}

// Raise creates the callback of an event within the transaction that made it happen, so that both are there or
// neither, and at the end of its line where it has one. It returns nil when there is nowhere to call back to. What it
// returns is to be given to Wake after the commit.
func (s *Service) Raise(ctx context.Context, tx Tx, o Occasion) (*Callback, error) {
	c, _, err := s.composeAlone(ctx, tx, o)
	if c == nil || err != nil {
		return nil, err
	}
	return c, LineUp(ctx, tx, c)
}

// composeAlone is Compose where nobody is known yet.
func (s *Service) composeAlone(ctx context.Context, tx PartiesTx, o Occasion) (*Callback, Parties, error) {
	parties, err := ReadParties(ctx, tx, []*int64{&o.ProjectID}, []*int64{o.CreatorID})
	if err != nil {
		return nil, parties, err
	}
	c, err := s.Compose(ctx, tx, o, parties)
	return c, parties, err
}

// Compose makes the callback of an event, which is not in the database yet: DirectStarts, LineUp or Raise puts it there. It
// returns nil when there is nowhere to call back to. Who the occasion names must be known.
func (s *Service) Compose(ctx context.Context, tx PartiesTx, o Occasion, parties Parties) (*Callback, error) {
	envelope, err := o.envelope(parties)
	if err != nil {
		return nil, err
	}
	c, target, err := s.draft(ctx, parties.through(tx), o, &envelope)
	if err != nil || target.URL == "" || envelope.Project.DeletedAt != nil && c.Target != TargetSSOClient {
		return nil, err
	}
	if c.Body, err = o.Render(envelope); err != nil {
		return nil, err
	}
	c.setTarget(target, envelope.Owners)
	at := c.CreatedAt
	if o.notBefore.After(at) {
		at = o.notBefore
	}
	c.dueUnlessPaused(at, envelope.Owners)
	return c, nil
}

// draft makes the callback of an event, which has no body and no time yet, tells its ref to what it is rendered of, and
// says where it goes.
func (s *Service) draft(
	ctx context.Context, tx PartiesTx, o Occasion, e *Envelope,
) (*Callback, tenant.Target, error) {
	rules := events[o.Event]
	c := &Callback{
		UID: models.NewUID(), Event: o.Event,
		Target: cmp.Or(o.Target, rules.target), ContentType: cmp.Or(o.ContentType, rules.contentType),
		AccountID: e.Account.ID, ProjectID: e.Project.ID,
		Source: o.Source, CreatedByUserID: o.CreatorID, CauseID: o.causeID,
		DedupKey: o.DedupKey, OrderingKey: o.OrderingKey, CreatedAt: s.now(),
	}
	c.Ref, e.Ref = c.UID, c.UID
	if rules.test {
		c.FailureCount = testFailures
	}
	if o.Request != nil {
		c.Target, c.TargetURL = TargetRequest, o.Request.URL
		c.TargetHeaders, c.Unreadable = o.Request.Headers, o.Request.Unreadable
	}
	target, err := resolveTarget(ctx, tx, c, e.Owners)
	return c, target, err
}

// FindAll returns the callbacks that were created under keys, by these. It asks for none where there are none.
func FindAll(ctx context.Context, tx Tx, dedupKeys []string) (map[string]*Callback, error) {
	byKey := map[string]*Callback{}
	if len(dedupKeys) == 0 {
		return byKey, nil
	}
	found, err := tx.CallbacksByDedupKey(ctx, dedupKeys...)
	for _, c := range found {
		byKey[c.DedupKey] = c
	}
	return byKey, err
}
