package live

import (
	"context"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// ToWatch is the input of Subscribe.
type ToWatch struct {
	Owner tenant.CallbackOwner
	// SSOClientID instead of an Owner: all accounts of that.
	SSOClientID int64

	Filter callback.Filter
	After  *string // a cursor; nil: what has been before does not count
}

// Subscription tells one subscriber what changes.
type Subscription struct {
	*Seat
	owner   Owner
	matcher *callback.Matcher
	after   *cursor
	ready   bool // of the service's goroutine
	changes chan *Change
}

// Subscribe tells what changes of the callbacks of a project, an account or an SSO client that the actor may see. ENTITY_NOT_FOUND
// where there is none, RATE_LIMITED where there are as many subscriptions as there may be.
func (s *Service) Subscribe(ctx context.Context, caller Caller, in ToWatch) (*Subscription, error) {
	sub := &Subscription{changes: make(chan *Change, maxBehind)}
	sub.Seat = s.newSeat(caller, func() { close(sub.changes) })
	err := in.Filter.Check()
	if err == nil && in.After != nil {
		sub.after, err = parseCursor(*in.After)
	}
	if err == nil {
		sub.owner, err = s.ownerOf(ctx, caller.Actor, in)
	}
	if err == nil {
		sub.matcher, err = callback.NewMatcher(ctx, in.Filter, s.db.NamedBy)
	}
	if err == nil {
		err = s.enter(sub.Seat, sub)
	}
	if err != nil {
		return nil, err
	}
	s.ring()
	return sub, nil
}

func (s *Service) ownerOf(ctx context.Context, actor *models.Actor, in ToWatch) (Owner, error) {
	of := in.Owner
	if in.SSOClientID != 0 {
		client, err := s.tenants.SSOClient(ctx, actor, in.SSOClientID)
		if err != nil {
			return Owner{}, err
		}
		return Owner{SSOClientID: client.ID}, nil
	}
	if of.ProjectID == 0 {
		account, err := s.tenants.Account(ctx, actor, of.AccountID)
		if err != nil {
			return Owner{}, err
		}
		return Owner{AccountID: account.ID}, nil
	}
	project, err := s.tenants.Project(ctx, actor, of.ProjectID)
	if err != nil {
		return Owner{}, err
	}
	return Owner{AccountID: project.AccountID, ProjectID: project.ID}, nil
}

// Changes are what is told, until the subscription ends: then it has a Reason.
func (sub *Subscription) Changes() <-chan *Change { return sub.changes }

// send ends the subscription of one who is too far behind.
func (sub *Subscription) send(change *Change) {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	if sub.ended {
		return
	}
	select {
	case sub.changes <- change:
	default:
		sub.endLocked(errTooSlow)
	}
}

// sees reports whether a callback concerns it: within what was asked for, and what the caller may see.
func (sub *Subscription) sees(row Row, c *callback.Callback) bool {
	return row.of(sub.owner) && sub.caller.Actor.RoleOnProject(c.AccountID, c.ProjectID).AtLeast(models.RoleViewer) &&
		sub.matcher.Matches(c)
}
