package callback

import (
	"context"

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
	// OfSSOClient are the notices to the webhook of an SSO client.
	OfSSOClient Parent = tenant.TypeSSOClient
	// OfAll are all callbacks, for the platform alone. Their list is that of the owner 0, by creation in the order of their ids.
	OfAll Parent = "All"
)

// Reader reads callbacks and their attempts, within a caller's scope. It returns those of the given ids that
// are there, in no order, and a page for each of the given owners, in one statement. Callbacks come without their
// bodies and headers, attempts without the answers' bodies. Of notices only the platform's scope sees the target's
// URL, those of the attempts, and what the partner answered.
type Reader interface {
	Callbacks(ctx context.Context, scope models.Scope, ids ...int64) ([]*Callback, error)
	CallbackByUID(ctx context.Context, scope models.Scope, uid uuid.UUID) (*Callback, error)
	// CallbackPages lists in the Order of the page. By creation, of what has ended it reads as much of a long history as of a
	// short one where the owners are accounts, projects or SSO clients and the filter asks for no more than statuses, events, an HTTP
	// status and a time of creation. Else it looks through models.MaxLooked callbacks for a page, and says how far it came.
	// ErrOrder where it would have to sort more than that.
	CallbackPages(
		ctx context.Context, scope models.Scope, owner Parent, ids []int64, filter Filter, page models.Page,
	) (map[int64]*models.PageOf[*Callback], error)
	// CountCallbacks counts what CallbackPages lists, up to MaxCounted and one more for any number above, among as many
	// as CallbackPages looks through; an owner without any may be left out.
	CountCallbacks(
		ctx context.Context, scope models.Scope, owner Parent, ids []int64, filter Filter,
	) (map[int64]models.Count, error)
	// Replays returns the replays of the given originals, oldest first.
	Replays(ctx context.Context, scope models.Scope, originalIDs ...int64) ([]*Callback, error)
	// AttemptPages has the oldest first.
	AttemptPages(
		ctx context.Context, scope models.Scope, callbackIDs []int64, page models.Page,
	) (map[int64]*models.PageOf[*Attempt], error)
	CountAttempts(ctx context.Context, scope models.Scope, callbackIDs []int64) (map[int64]int, error)
}

// Query is a Reader for doors. A caller's scope is that of Actor.Scope with RoleViewer.
type Query struct {
	Reader
	BulkReader
}

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
