package models

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// CallbackOwner says whose callbacks a list holds: the name of a type.
type CallbackOwner string

// Owners of callbacks, beside the sources that they tell of.
const (
	OwnerAccount CallbackOwner = TypeAccount
	OwnerProject CallbackOwner = TypeProject
)

// CallbackFilter narrows a list of callbacks. What is empty narrows nothing.
type CallbackFilter struct {
	Status        []Status
	Event         []EventName
	CreatedAfter  *time.Time // this moment included
	CreatedBefore *time.Time // this moment excluded
	HTTPStatus    *int       // of the last finished attempt
}

// Check tells whether the filter has too many values. The error is BAD_USER_INPUT.
func (f CallbackFilter) Check() error {
	return AllProblems(CheckFilterValues("status", len(f.Status)), CheckFilterValues("event", len(f.Event)))
}

// CallbackReader reads callbacks and their attempts, within a caller's scope. It returns those of the given ids that
// are there, in no order, and a page for each of the given owners, in one statement. Callbacks come without their
// bodies and headers, attempts without the answers' bodies. Of notices only the platform's scope sees the target's
// URL, those of the attempts, and what the partner answered.
type CallbackReader interface {
	Callbacks(ctx context.Context, scope Scope, ids ...int64) ([]*Callback, error)
	CallbackByUID(ctx context.Context, scope Scope, uid uuid.UUID) (*Callback, error)
	// CallbackPages has the newest first. Of what has ended it reads as much of a long history as of a short one where
	// the owners are accounts or projects, whatever the filter.
	CallbackPages(
		ctx context.Context, scope Scope, owner CallbackOwner, ids []int64, filter CallbackFilter, page Page,
	) (map[int64]*PageOf[*Callback], error)
	// CountCallbacks counts what CallbackPages lists, up to MaxCounted and one more for any number above; an owner
	// without any is left out.
	CountCallbacks(
		ctx context.Context, scope Scope, owner CallbackOwner, ids []int64, filter CallbackFilter,
	) (map[int64]int, error)
	// Replays returns the replays of the given originals, oldest first.
	Replays(ctx context.Context, scope Scope, originalIDs ...int64) ([]*Callback, error)
	// AttemptPages has the oldest first.
	AttemptPages(
		ctx context.Context, scope Scope, callbackIDs []int64, page Page,
	) (map[int64]*PageOf[*Attempt], error)
	CountAttempts(ctx context.Context, scope Scope, callbackIDs []int64) (map[int64]int, error)
}

// CallbackQuery is a CallbackReader for doors. A caller's scope is that of Actor.Scope with RoleViewer.
type CallbackQuery struct{ CallbackReader }

// Callback returns one callback.
func (q CallbackQuery) Callback(ctx context.Context, scope Scope, id int64) (*Callback, error) {
	return One(q.Callbacks(ctx, scope, id))(TypeCallback)
}

// CallbackByUID returns one callback. BAD_USER_INPUT on uid when it is no UUID.
func (q CallbackQuery) CallbackByUID(ctx context.Context, scope Scope, uid string) (*Callback, error) {
	id, err := uuid.Parse(uid)
	if err != nil {
		return nil, Invalid("uid", "must be a UUID")
	}
	return q.CallbackReader.CallbackByUID(ctx, scope, id)
}

// Callback returns one callback that the actor may see.
func (s *Service) Callback(ctx context.Context, actor *Actor, id int64) (*Callback, error) {
	return One(s.Callbacks(ctx, actor, id))(TypeCallback)
}

// CallbackByUID returns one callback that the actor may see. BAD_USER_INPUT on uid when it is no UUID.
func (s *Service) CallbackByUID(ctx context.Context, actor *Actor, uid string) (*Callback, error) {
	id, err := uuid.Parse(uid)
	if err != nil {
		return nil, Invalid("uid", "must be a UUID")
	}
	return s.store.CallbackByUID(ctx, actor.Scope(RoleViewer), id)
}

// Callbacks returns those of the given callbacks that the actor may see, in no order.
func (s *Service) Callbacks(ctx context.Context, actor *Actor, ids ...int64) ([]*Callback, error) {
	return s.store.Callbacks(ctx, actor.Scope(RoleViewer), ids...)
}

// CallbackPages lists the callbacks of each owner, newest first.
func (s *Service) CallbackPages(ctx context.Context, actor *Actor, owner CallbackOwner, ids []int64, filter CallbackFilter, page Page) (map[int64]*PageOf[*Callback], error) {
	return s.store.CallbackPages(ctx, actor.Scope(RoleViewer), owner, ids, filter, page)
}

// CountCallbacks counts what CallbackPages lists, up to MaxCounted and one more for any number above.
func (s *Service) CountCallbacks(ctx context.Context, actor *Actor, owner CallbackOwner, ids []int64, filter CallbackFilter) (map[int64]int, error) {
	return s.store.CountCallbacks(ctx, actor.Scope(RoleViewer), owner, ids, filter)
}

// Replays returns the replays of callbacks, oldest first.
func (s *Service) Replays(ctx context.Context, actor *Actor, originalIDs ...int64) ([]*Callback, error) {
	return s.store.Replays(ctx, actor.Scope(RoleViewer), originalIDs...)
}

// AttemptPages lists the attempts of each callback, oldest first, without the answers' bodies.
func (s *Service) AttemptPages(ctx context.Context, actor *Actor, callbackIDs []int64, page Page) (map[int64]*PageOf[*Attempt], error) {
	return s.store.AttemptPages(ctx, actor.Scope(RoleViewer), callbackIDs, page)
}

// CountAttempts counts what AttemptPages lists.
func (s *Service) CountAttempts(ctx context.Context, actor *Actor, callbackIDs []int64) (map[int64]int, error) {
	return s.store.CountAttempts(ctx, actor.Scope(RoleViewer), callbackIDs)
}
