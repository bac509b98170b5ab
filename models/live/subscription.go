package live

import (
	"context"
	"sync"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// Why a subscription ends.
var (
	errStopping = &models.Error{
		Code: models.CodeReconnect, Message: "the process that you were connected to stops: come back with the last cursor",
	}
	errTooOld = &models.Error{
		Code: models.CodeReconnect, Message: "the subscription has lasted for as long as one may: come back with the last cursor",
	}
	errRoleChanged = &models.Error{
		Code: models.CodeReconnect, Message: "what you may see has changed: come back with the last cursor",
	}
	errTooSlow = &models.Error{
		Code: models.CodeTooSlow, Message: "changes come faster than you read them: come back with the last cursor, and " +
			"ask for fewer of them, or for less of each",
	}
)

// Caller is who subscribes.
type Caller struct {
	Actor       *models.Actor
	Credentials tenant.Credentials // which are looked at again and again
	Address     string             // of a connection
}

// ToWatch is the input of Subscribe.
type ToWatch struct {
	Owner  tenant.CallbackOwner
	Filter callback.Filter
	After  *string // a cursor; nil: what has been before does not count
}

// Subscription tells one subscriber what changes. It is to be closed.
type Subscription struct {
	service *Service
	caller  Caller
	account string // towards whose share it counts; empty: it has none
	owner   Owner
	filter  callback.Filter
	after   *cursor
	endsAt  time.Time
	ready   bool // of the service's goroutine

	mu      sync.Mutex
	changes chan *Change
	ended   bool
	reason  error
}

// Subscribe tells what changes of the callbacks of a project or an account that the actor may see. ENTITY_NOT_FOUND
// where there is none, RATE_LIMITED where there are as many subscriptions as there may be, BAD_USER_INPUT on what cannot
// be asked while callbacks change.
func (s *Service) Subscribe(ctx context.Context, caller Caller, in ToWatch) (*Subscription, error) {
	sub := &Subscription{
		service: s, caller: caller, account: models.AnswerOwner(caller.Actor, caller.Address), filter: in.Filter,
		endsAt: time.Now().Add(s.rules.MaxAge), changes: make(chan *Change, maxBehind),
	}
	err := models.AllProblems(in.Filter.Check(), in.Filter.CheckLive())
	if err == nil && in.After != nil {
		sub.after, err = parseCursor(*in.After)
	}
	if err == nil {
		sub.owner, err = s.ownerOf(ctx, caller.Actor, in.Owner)
	}
	if err == nil {
		err = s.enter(sub)
	}
	if err != nil {
		return nil, err
	}
	s.ring()
	return sub, nil
}

func (s *Service) ownerOf(ctx context.Context, actor *models.Actor, of tenant.CallbackOwner) (Owner, error) {
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
	return Owner{project.AccountID, project.ID}, nil
}

// enter takes its place, and lets the goroutine run that looks.
func (s *Service) enter(sub *Subscription) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch rules := s.rules; {
	case s.life.Err() != nil:
		return errStopping
	case len(s.all) >= rules.MaxSubscriptions:
		return models.RateLimited("there are %d subscriptions here, which is the limit", rules.MaxSubscriptions)
	case sub.account != "" && s.accounts[sub.account] >= rules.PerAccount:
		return models.RateLimited("your account has %d subscriptions here, which is the limit", rules.PerAccount)
	case sub.account != "" && s.callers[sub.caller.Credentials] >= rules.PerCaller:
		return models.RateLimited("your session or key has %d subscriptions here, which is the limit", rules.PerCaller)
	}
	s.all[sub] = struct{}{}
	s.accounts[sub.account]++
	s.callers[sub.caller.Credentials]++
	if !s.running {
		s.running = true
		s.looking.Go(s.run)
	}
	return nil
}

// Close ends it.
func (sub *Subscription) Close() {
	sub.end(nil)
	s := sub.service
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.all[sub]; !there {
		return
	}
	delete(s.all, sub)
	if s.accounts[sub.account]--; s.accounts[sub.account] == 0 {
		delete(s.accounts, sub.account)
	}
	if s.callers[sub.caller.Credentials]--; s.callers[sub.caller.Credentials] == 0 {
		delete(s.callers, sub.caller.Credentials)
	}
}

// Changes are what is told, until the subscription ends.
func (sub *Subscription) Changes() <-chan *Change { return sub.changes }

// Reason is why it has ended, once Changes are closed; nil: it was closed.
func (sub *Subscription) Reason() error {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	return sub.reason
}

// end lets no more be told; what was still is.
func (sub *Subscription) end(reason error) {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	if !sub.ended {
		sub.ended, sub.reason = true, reason
		close(sub.changes)
	}
}

// tell ends the subscription of one who is too far behind.
func (sub *Subscription) tell(change *Change) {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	if sub.ended {
		return
	}
	select {
	case sub.changes <- change:
	default:
		sub.ended, sub.reason = true, errTooSlow
		close(sub.changes)
	}
}

// sees reports whether a callback concerns it: within what was asked for, and what the caller may see.
func (sub *Subscription) sees(c *callback.Callback) bool {
	of := Row{Owner: Owner{c.AccountID, c.ProjectID}}
	return of.of(sub.owner) && sub.caller.Actor.RoleOnProject(c.AccountID, c.ProjectID).AtLeast(models.RoleViewer) &&
		sub.filter.Matches(c)
}
