package callback

import (
	"context"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
)

// Which is how a caller names a callback: by its ID or, where that is 0, by its UID.
type Which struct {
	ID  int64
	UID string
}

// field is the input's that names it.
func (w Which) field() string {
	if w.ID == 0 {
		return "uid"
	}
	return "callbackId"
}

// WhichTx finds callbacks by their names: see Reader.
type WhichTx interface {
	Callbacks(ctx context.Context, scope models.Scope, ids ...int64) ([]*Callback, error)
	CallbackByUID(ctx context.Context, scope models.Scope, uid uuid.UUID) (*Callback, error)
}

// find returns the callback without its body and headers. NotFound where the scope does not reach it.
func (w Which) find(ctx context.Context, tx WhichTx, scope models.Scope) (*Callback, error) {
	if w.ID != 0 {
		return models.One(tx.Callbacks(ctx, scope, w.ID))(models.TypeCallback)
	}
	uid, err := uuid.Parse(w.UID)
	if err != nil {
		return nil, models.Invalid("uid", "must be a UUID")
	}
	return tx.CallbackByUID(ctx, scope, uid)
}

// findFor returns a callback that an actor may do something about, as require says.
func (w Which) findFor(
	ctx context.Context, tx WhichTx, actor *models.Actor, require func(*Callback, *models.Actor) error,
) (*Callback, error) {
	c, err := w.find(ctx, tx, actor.Scope(models.RoleViewer))
	if err != nil {
		return nil, err
	}
	return c, require(c, actor)
}

// requireSender reports whether an actor may have the callback sent again: Editor and up, and the partner; of notices to
// the partner that one and the platform.
func (c *Callback) requireSender(actor *models.Actor) error {
	if err := actor.RequireSender(c.AccountID, c.ProjectID); err != nil {
		return err
	}
	if c.Target == TargetSSOClient {
		return actor.RequireNoticeSender()
	}
	return nil
}
