package models

import (
	"context"
	"strconv"
	"sync"
)

// accountShare is the part of the places for larger answers that one account may have, in one over this: however slowly
// its callers read, others find the rest.
const accountShare = 4

var errOwnShare = &Error{
	Code: CodeRateLimited, Message: "too many large answers to your account are under way; read them, try again in a " +
		"moment, or ask for less at once",
}

// shares are the places that accounts may have, while they have requests under way.
type shares struct {
	mu  sync.Mutex
	all map[string]*share
}

// share is what one account may have of each size; nil: any number.
type share struct {
	owner    string
	places   []chan struct{}
	requests int
}

// AnswerOwner is towards whose share the answers to an actor count: the account's, of a user the first one's, and a
// stranger's address. It is empty for the platform, which has no share.
func AnswerOwner(actor *Actor, address string) string {
	switch {
	case actor == nil:
		return "address " + address
	case actor.Platform:
		return ""
	case actor.PartnerID() != 0:
		return "SSO client " + strconv.FormatInt(actor.PartnerID(), 10)
	case actor.Key != nil:
		return "account " + strconv.FormatInt(actor.Key.AccountID, 10)
	}
	var first int64
	for id := range actor.Roles {
		if first == 0 || id < first {
			first = id
		}
	}
	if first == 0 {
		return "user " + strconv.FormatInt(actor.UserID, 10)
	}
	return "account " + strconv.FormatInt(first, 10)
}

// CountTowards says whose the answer is. It is called once, before anything is read.
func (a *Answer) CountTowards(owner string) {
	if owner == "" {
		return
	}
	s := &a.all.shares
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.all[owner]
	if of == nil {
		of = &share{owner: owner}
		for _, size := range a.all.sizes {
			var own chan struct{}
			if size.places != nil {
				own = make(chan struct{}, max(1, cap(size.places)/accountShare))
			}
			of.places = append(of.places, own)
		}
		s.all[owner] = of
	}
	of.requests++
	a.share = of
}

// forget forgets shares that nobody has a request of.
func (s *shares) forget(of *share) {
	if of == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if of.requests--; of.requests == 0 {
		delete(s.all, of.owner)
	}
}

// tryPlace takes a place of a size if one is free, of the account's and of all.
func (a *Answer) tryPlace(size int) bool {
	own, all := a.share.of(size), a.all.sizes[size].places
	if own != nil {
		select {
		case own <- struct{}{}:
		default:
			return false
		}
	}
	select {
	case all <- struct{}{}:
		return true
	default:
		if own != nil {
			<-own
		}
		return false
	}
}

// waitForPlace waits for one: first of the account's, so that who waits for that keeps nobody from the others.
func (a *Answer) waitForPlace(ctx context.Context, size int) error {
	ctx, cancel := context.WithTimeoutCause(ctx, a.all.wait, errNoRoom)
	defer cancel()
	own := a.share.of(size)
	if own != nil {
		select {
		case own <- struct{}{}:
		case <-ctx.Done():
			if context.Cause(ctx) == errNoRoom { //nolint:errorlint // it is that value
				return errOwnShare
			}
			return context.Cause(ctx)
		}
	}
	select {
	case a.all.sizes[size].places <- struct{}{}:
		return nil
	case <-ctx.Done():
		if own != nil {
			<-own
		}
		return context.Cause(ctx)
	}
}

// of returns the places of a size, nil for any number.
func (s *share) of(size int) chan struct{} {
	if s == nil {
		return nil
	}
	return s.places[size]
}
