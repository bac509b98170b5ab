package callback

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// Parent says whose callbacks a list holds: the name of a type.
type Parent string

// Those that have callbacks, beside the sources that they tell of.
const (
	OfAccount Parent = tenant.TypeAccount
	OfProject Parent = tenant.TypeProject
)

// Filter narrows a list of callbacks. What is empty narrows nothing.
type Filter struct {
	Status        []Status
	Event         []EventName
	CreatedAfter  *time.Time // this moment included
	CreatedBefore *time.Time // this moment excluded
	HTTPStatus    *int       // of the last finished attempt
}

// Check reports whether the filter has too many values. The error is BAD_USER_INPUT.
func (f Filter) Check() error {
	return models.AllProblems(
		models.CheckFilterValues("status", len(f.Status)), models.CheckFilterValues("event", len(f.Event)),
	)
}

// Reader reads callbacks and their attempts, within a caller's scope. It returns those of the given ids that
// are there, in no order, and a page for each of the given owners, in one statement. Callbacks come without their
// bodies and headers, attempts without the answers' bodies. Of notices only the platform's scope sees the target's
// URL, those of the attempts, and what the partner answered.
type Reader interface {
	Callbacks(ctx context.Context, scope models.Scope, ids ...int64) ([]*Callback, error)
	CallbackByUID(ctx context.Context, scope models.Scope, uid uuid.UUID) (*Callback, error)
	// CallbackPages has the newest first. Of what has ended it reads as much of a long history as of a short one where
	// the owners are accounts or projects, whatever the filter.
	CallbackPages(
		ctx context.Context, scope models.Scope, owner Parent, ids []int64, filter Filter, page models.Page,
	) (map[int64]*models.PageOf[*Callback], error)
	// CountCallbacks counts what CallbackPages lists, up to MaxCounted and one more for any number above; an owner
	// without any is left out.
	CountCallbacks(
		ctx context.Context, scope models.Scope, owner Parent, ids []int64, filter Filter,
	) (map[int64]int, error)
	// Replays returns the replays of the given originals, oldest first.
	Replays(ctx context.Context, scope models.Scope, originalIDs ...int64) ([]*Callback, error)
	// AttemptPages has the oldest first.
	AttemptPages(
		ctx context.Context, scope models.Scope, callbackIDs []int64, page models.Page,
	) (map[int64]*models.PageOf[*Attempt], error)
	CountAttempts(ctx context.Context, scope models.Scope, callbackIDs []int64) (map[int64]int, error)
}

// Query is a Reader for doors. A caller's scope is that of Actor.Scope with RoleViewer.
type Query struct{ Reader }

// Callback returns one callback.
func (q Query) Callback(ctx context.Context, scope models.Scope, id int64) (*Callback, error) {
	return models.One(q.Callbacks(ctx, scope, id))(models.TypeCallback)
}

// CallbackByUID returns one callback. BAD_USER_INPUT on uid when it is no UUID.
func (q Query) CallbackByUID(ctx context.Context, scope models.Scope, uid string) (*Callback, error) {
	id, err := uuid.Parse(uid)
	if err != nil {
		return nil, models.Invalid("uid", "must be a UUID")
	}
	return q.Reader.CallbackByUID(ctx, scope, id)
}
