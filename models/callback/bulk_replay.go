package callback

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// BulkReplay replays all callbacks of an owner that a filter lets through and that were created before it: each once,
// the oldest first, behind whatever else its account sends. Workers carry it out part by part; each part, and what has
// come of the bulk replay by then, is one transaction.
type BulkReplay struct {
	ID     int64
	UID    uuid.UUID
	Owner  BulkOwner
	Filter Filter
	DryRun bool // it counts, and replays nothing
	// Notices says that it replays notices too: the platform or the partner asked for it.
	Notices bool
	// ByPartner says that the partner did.
	ByPartner bool
	Status    BulkReplayStatus
	Counted   bool           // all that it is to replay was counted
	Made      bool           // all replays were made
	After     *models.Cursor // where the count, or then the replay, has come to; nil: it begins
	Matched   int            // what the filter lets through, as far as it was counted
	// Replayed is how many replays were made; Open of them have not ended yet, or not been looked at since.
	Replayed, Open    int
	Succeeded, Failed int // of the replays that have ended
	Skipped           map[SkipReason]int
	CreatedByUserID   *int64 // nil: a key or the platform asked for it
	StartedAt         time.Time
	FinishedAt        *time.Time
	LookedAt          time.Time // when a worker did last: others leave it to that one for a while
}

// BulkOwner is whose callbacks are replayed: a project's, an account's, or the notices to an SSO client. AccountID is also
// that of the project; what is 0 is not meant.
type BulkOwner struct{ ProjectID, AccountID, SSOClientID int64 }

// byAge is the order in which callbacks are replayed.
var byAge = Order{ByCreated, Ascending}.Name()

// BulkPlace is where a bulk replay has come to: the place of a callback among all, the oldest first.
func BulkPlace(at time.Time, id int64) models.Cursor {
	return models.Cursor{At: at, ID: id, Order: byAge}
}

// TypeBulkReplay stands in the ObjectIDs of bulk replays.
const TypeBulkReplay = "BulkReplay"

// BulkReplayStatus is where a bulk replay stands.
type BulkReplayStatus string

// Statuses of bulk replays.
const (
	BulkCounting  BulkReplayStatus = "COUNTING"  // what it is to replay
	BulkRunning   BulkReplayStatus = "RUNNING"   // replays are made, or have not all ended
	BulkPaused    BulkReplayStatus = "PAUSED"    // no more are made until somebody resumes it
	BulkCancelled BulkReplayStatus = "CANCELLED" // no more are made; those that were go on
	BulkFinished  BulkReplayStatus = "FINISHED"
)

// Ended tells whether no more replays are made.
func (s BulkReplayStatus) Ended() bool { return s == BulkCancelled || s == BulkFinished }

// ObjectID returns the bulk replay's global id.
func (b *BulkReplay) ObjectID() models.ObjectID {
	return models.ObjectID{Type: TypeBulkReplay, Raw: b.ID}
}

// RawID returns the bulk replay's number as text.
func (b *BulkReplay) RawID() string { return models.RawIDText(b.ID) }

// ListCursor is the bulk replay's place in a list.
func (b *BulkReplay) ListCursor() models.Cursor { return models.Cursor{At: b.StartedAt, ID: b.ID} }

// AllSkipped is how many were matched and are not replayed.
func (b *BulkReplay) AllSkipped() (n int) {
	for _, some := range b.Skipped {
		n += some
	}
	return n
}

// Done is how many have come to an end: arrived, given up or skipped.
func (b *BulkReplay) Done() int { return b.Succeeded + b.Failed + b.AllSkipped() }

// Active tells whether workers have something to do for it.
func (b *BulkReplay) Active() bool {
	return b.Status == BulkCounting || b.Status == BulkRunning || b.Open > 0
}

// BulkReader reads bulk replays within a caller's scope. Those of SSO clients are for the platform and themselves.
type BulkReader interface {
	BulkReplays(ctx context.Context, scope models.Scope, ids ...int64) ([]*BulkReplay, error)
	// BulkReplayPages lists those of projects, those of accounts and of all their projects, or those of the notices to SSO
	// clients, the newest first. dryRun: only such, or only others; nil: all.
	BulkReplayPages(
		ctx context.Context, scope models.Scope, owner Parent, ids []int64, dryRun *bool, page models.Page,
	) (map[int64]*models.PageOf[*BulkReplay], error)
	CountBulkReplays(ctx context.Context, scope models.Scope, owner Parent, ids []int64, dryRun *bool) (map[int64]int, error)
}

// BulkOwnerTx is the database as those need it who do something with all of an owner's callbacks.
type BulkOwnerTx interface {
	Accounts(ctx context.Context, scope models.Scope, ids ...int64) ([]*tenant.Account, error)
	Projects(ctx context.Context, scope models.Scope, ids ...int64) ([]*tenant.Project, error)
	VisibleSSOClients(ctx context.Context, scope models.Scope, ids ...int64) ([]*tenant.SSOClient, error)
}

// BulkTx is the database as those need it who begin bulk replays and change them.
type BulkTx interface {
	BulkOwnerTx
	// LockKey is LineTx.LockKey.
	LockKey(ctx context.Context, key string) error
	// OverlappingBulkReplay returns one that has not ended and may replay the same callbacks; nil: there is none. Of those that
	// only count, which are in the way of no others, it returns one where there are too many.
	OverlappingBulkReplay(ctx context.Context, with *BulkReplay) (*BulkReplay, error)
	CreateBulkReplay(ctx context.Context, b *BulkReplay) error
	LockBulkReplay(ctx context.Context, scope models.Scope, id int64) (*BulkReplay, error)
	UpdateBulkReplay(ctx context.Context, b *BulkReplay) error
}

// ToReplayAll is the input of ReplayAll.
type ToReplayAll struct {
	Owner  BulkOwner // of a project without its account
	Filter Filter
	DryRun bool
}

// ReplayAll begins a bulk replay. Editor and up, and the partner; of the notices to an SSO client that one and the
// platform. CONFLICT where another that has not ended may replay the same callbacks, or too many count them.
func (s *Service) ReplayAll(ctx context.Context, actor *models.Actor, in ToReplayAll) (*BulkReplay, error) {
	if err := in.Filter.CheckChosen(); err != nil {
		return nil, err
	}
	at := s.now()
	b := &BulkReplay{
		UID: models.NewUID(), Owner: in.Owner, Filter: in.Filter, DryRun: in.DryRun, Notices: actor.RequireNoticeSender() == nil,
		ByPartner: actor.PartnerID() != 0, Status: BulkCounting, Skipped: map[SkipReason]int{}, CreatedByUserID: actor.CreatorID(), StartedAt: at,
	}
	return b, s.db.InBulkTx(ctx, func(tx BulkTx) error {
		if err := s.MaySendAll(ctx, tx, actor, &b.Owner); err != nil {
			return err
		}
		// Whoever begins one waits for whoever else does: that they do not overlap concerns all of them.
		if err := tx.LockKey(ctx, "bulk_replays"); err != nil {
			return err
		}
		other, err := tx.OverlappingBulkReplay(ctx, b)
		if err != nil {
			return err
		}
		if other != nil {
			return b.overlaps(other)
		}
		if err := tx.CreateBulkReplay(ctx, b); err != nil {
			return err
		}
		models.Made(ctx, b.ID)
		return nil
	})
}

func (b *BulkReplay) overlaps(other *BulkReplay) error {
	what := "another bulk replay of the same owner, %s,"
	if b.DryRun {
		what = "as many bulk replays of the same owner count (dryRun) as may at once, such as %s, which"
	}
	return models.Conflict("owner", what+" has not ended, whatever its filter: wait for it, or cancel it", other.ObjectID())
}

// MaySendAll checks that an actor may have all of an owner's callbacks sent, and completes the owner: Editor and up, and the
// partner; of the notices to an SSO client that one and the platform.
func (s *Service) MaySendAll(ctx context.Context, tx BulkOwnerTx, actor *models.Actor, of *BulkOwner) error {
	visible := actor.Scope(models.RoleViewer)
	switch {
	case of.SSOClientID != 0:
		if err := actor.RequirePartner(); err != nil {
			return err
		}
		_, err := models.One(tx.VisibleSSOClients(ctx, visible, of.SSOClientID))(tenant.TypeSSOClient)
		return cmp.Or(err, actor.RequireSSOClientRole(of.SSOClientID, models.RoleEditor))
	case of.ProjectID != 0:
		project, err := models.One(tx.Projects(ctx, visible, of.ProjectID))(tenant.TypeProject)
		if err != nil {
			return err
		}
		of.AccountID = project.AccountID
		return actor.RequireSender(of.AccountID, of.ProjectID)
	}
	if _, err := models.One(tx.Accounts(ctx, visible, of.AccountID))(tenant.TypeAccount); err != nil {
		return err
	}
	return actor.RequireSender(of.AccountID, 0)
}

// PauseBulkReplay makes no more replays until the bulk replay is resumed. Editor and up. CONFLICT where it has ended.
func (s *Service) PauseBulkReplay(ctx context.Context, actor *models.Actor, id int64) (*BulkReplay, error) {
	return s.changeBulkReplay(ctx, actor, id, func(b *BulkReplay) { b.Status = BulkPaused })
}

// ResumeBulkReplay is the opposite of PauseBulkReplay.
func (s *Service) ResumeBulkReplay(ctx context.Context, actor *models.Actor, id int64) (*BulkReplay, error) {
	return s.changeBulkReplay(ctx, actor, id, func(b *BulkReplay) {
		if b.Status = BulkCounting; b.Counted {
			b.Status = BulkRunning
		}
	})
}

// CancelBulkReplay makes no more replays. Those that were made go on. Editor and up. One that is cancelled stays as it
// is; CONFLICT where it has finished.
func (s *Service) CancelBulkReplay(ctx context.Context, actor *models.Actor, id int64) (*BulkReplay, error) {
	return s.changeBulkReplay(ctx, actor, id, func(b *BulkReplay) {
		b.Status, b.FinishedAt = BulkCancelled, new(s.now())
	})
}

func (s *Service) changeBulkReplay(
	ctx context.Context, actor *models.Actor, id int64, change func(*BulkReplay),
) (b *BulkReplay, err error) {
	err = s.db.InBulkTx(ctx, func(tx BulkTx) (err error) {
		if b, err = tx.LockBulkReplay(ctx, actor.Scope(models.RoleViewer), id); err != nil {
			return err
		}
		wanted := *b
		change(&wanted)
		if err := b.requireSender(actor, wanted.Status == BulkCancelled); err != nil {
			return err
		}
		if b.Status == BulkCancelled && wanted.Status == BulkCancelled {
			return nil
		}
		if b.Status.Ended() {
			return models.Conflict("bulkReplayId", "this bulk replay has ended: it is %s", b.Status)
		}
		*b = wanted
		return tx.UpdateBulkReplay(ctx, b)
	})
	return b, err
}

// MayPause tells whether an actor may pause and resume the bulk replay now.
func (b *BulkReplay) MayPause(actor *models.Actor) bool {
	return !b.Status.Ended() && b.requireSender(actor, false) == nil
}

// MayCancel tells whether an actor may cancel the bulk replay now.
func (b *BulkReplay) MayCancel(actor *models.Actor) bool {
	return !b.Status.Ended() && b.requireSender(actor, true) == nil
}

// requireSender leaves to a partner what a partner has begun, beside all that is of its own webhook.
func (b *BulkReplay) requireSender(actor *models.Actor, cancels bool) error {
	if actor.PartnerID() != 0 && !b.ByPartner && b.Owner.SSOClientID == 0 {
		return models.Forbidden("a partner leaves bulk replays alone that others have begun")
	}
	if b.Owner.SSOClientID != 0 || b.Notices && !cancels {
		return actor.RequireNoticeSender()
	}
	return actor.RequireSender(b.Owner.AccountID, b.Owner.ProjectID)
}
