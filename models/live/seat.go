package live

import (
	"sync"
	"time"

	"github.com/ringback/ringback/models"
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

// Seat is one of the places that a process has for subscriptions. It ends with the credentials of who has it, after some
// time, and with the process. It is to be closed.
type Seat struct {
	service *Service
	caller  Caller
	account string // towards whose share it counts; empty: it has none
	portals string // towards which share of this one's portal sessions; empty: it is none
	endsAt  time.Time
	over    func() // at its end

	mu     sync.Mutex
	ended  bool
	reason error
}

// Sit takes a seat for what has changes of its own, until over is called, once. RATE_LIMITED where there is none.
func (s *Service) Sit(caller Caller, over func()) (*Seat, error) {
	seat := s.newSeat(caller, over)
	return seat, s.enter(seat, nil)
}

func (s *Service) newSeat(caller Caller, over func()) *Seat {
	seat := &Seat{
		service: s, caller: caller, account: models.AnswerOwner(caller.Actor, caller.Address),
		endsAt: time.Now().Add(s.rules.MaxAge), over: over,
	}
	if caller.Actor.IsPortal() {
		seat.portals = "portals of " + seat.account
	}
	return seat
}

// enter lets the goroutine run that looks.
func (s *Service) enter(seat *Seat, sub *Subscription) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.room(seat); err != nil {
		return err
	}
	s.all[seat] = sub
	s.accounts[seat.account]++
	s.accounts[seat.portals]++
	s.callers[seat.caller.Credentials]++
	if !s.running {
		s.running = true
		s.looking.Go(s.run)
	}
	return nil
}

// room says why there is none; nil: there is.
func (s *Service) room(seat *Seat) error {
	own := s.callers[seat.caller.Credentials]
	switch rules := s.rules; {
	case s.life.Err() != nil:
		return errStopping
	case len(s.all) >= rules.MaxSubscriptions:
		return models.RateLimited("there are %d subscriptions here, which is the limit", rules.MaxSubscriptions)
	case seat.account != "" && s.accounts[seat.account] >= rules.PerAccount:
		return models.RateLimited("your account has %d subscriptions here, which is the limit", rules.PerAccount)
	case seat.portals != "" && own >= rules.PerPortal:
		return models.RateLimited("your portal session has %d subscriptions here, which is the limit", rules.PerPortal)
	case seat.portals != "" && s.accounts[seat.portals] >= rules.Portals:
		return models.RateLimited("the portal sessions of your account have %d subscriptions here, which is their share of its %d",
			rules.Portals, rules.PerAccount)
	case seat.account != "" && own >= rules.PerCaller:
		return models.RateLimited("your session or key has %d subscriptions here, which is the limit", rules.PerCaller)
	}
	return nil
}

// Close ends it.
func (seat *Seat) Close() {
	seat.end(nil)
	s := seat.service
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.all[seat]; !there {
		return
	}
	delete(s.all, seat)
	for _, share := range []string{seat.account, seat.portals} {
		if s.accounts[share]--; s.accounts[share] == 0 {
			delete(s.accounts, share)
		}
	}
	if s.callers[seat.caller.Credentials]--; s.callers[seat.caller.Credentials] == 0 {
		delete(s.callers, seat.caller.Credentials)
	}
}

// Reason is why it has ended; nil: it was closed.
func (seat *Seat) Reason() error {
	seat.mu.Lock()
	defer seat.mu.Unlock()
	return seat.reason
}

func (seat *Seat) end(reason error) {
	seat.mu.Lock()
	defer seat.mu.Unlock()
	seat.endLocked(reason)
}

func (seat *Seat) endLocked(reason error) {
	if !seat.ended {
		seat.ended, seat.reason = true, reason
		seat.over()
	}
}
