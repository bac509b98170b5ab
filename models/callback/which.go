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

// findFor returns a callback that an actor may do something about.
func (w Which) findFor(ctx context.Context, tx WhichTx, actor *models.Actor) (*Callback, error) {
	c, err := w.find(ctx, tx, actor.Scope(models.RoleViewer))
	if err != nil {
		return nil, err
	}
	return c, c.requireSender(actor)
}

// requireSender reports whether an actor may do something about the callback: Editor and up; of notices to the partner
// the platform.
func (c *Callback) requireSender(actor *models.Actor) error {
	if err := actor.RequireProjectRole(c.AccountID, c.ProjectID, models.RoleEditor); err != nil {
		return err
	}
	if c.Target == TargetSSOClient {
		return actor.RequirePlatform()
	}
	return nil
}
