package callback

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// MaxReplays is how often one callback can be replayed.
const MaxReplays = 3

const replayPrefix = "replay:"

// ReplayNumber reads from the DedupKey of a replay which one of its original it is: 1, 2, …; 0: it cannot be told.
func ReplayNumber(dedupKey string) int {
	number, err := strconv.Atoi(dedupKey[strings.LastIndex(dedupKey, ":")+1:])
	if err != nil || !strings.HasPrefix(dedupKey, replayPrefix) {
		return 0
	}
	return number
}

// ReplayTx is the database as a replay needs it.
type ReplayTx interface {
	Tx
	WhichTx
	LockCallback(ctx context.Context, scope models.Scope, id int64) (*Callback, error)
	// Replays is Reader.Replays.
	Replays(ctx context.Context, scope models.Scope, originalIDs ...int64) ([]*Callback, error)
	// CountReplays raises ReplayCounts to the given numbers, by the ids of the originals.
	CountReplays(ctx context.Context, numbers map[int64]int) error
}

// ToReplay is a callback that is to be replayed.
type ToReplay struct {
	Which
	// ToURL is another URL, for this replay alone; nil: it goes to where the callback would go now.
	ToURL *string
}

// Replay replays a callback to where it would go now.
func (s *Service) Replay(ctx context.Context, actor *models.Actor, id int64) (*Callback, error) {
	return s.ReplayOne(ctx, actor, ToReplay{Which: Which{ID: id}})
}

// ReplayOne sends an ended callback once more, as a new callback with the same ref and the same bytes, to the target as
// it is configured now (a request's own URL stays its own). Editor and up. CONFLICT when the callback is itself a
// replay, has not ended, was replayed three times already, has lost its payload, or has nowhere to go. Notices to the
// partner are the platform's and the partner's to replay, who may replay those of its accounts, too, but not for the third
// time. To another URL only an Admin lets it go: no configured header goes there, and it stands in no line.
func (s *Service) ReplayOne(ctx context.Context, actor *models.Actor, in ToReplay) (*Callback, error) {
	var replay *Callback
	err := s.db.InReplayTx(ctx, func(tx ReplayTx) (err error) {
		if replay, err = s.replay(ctx, tx, actor, in); err == nil {
			models.Made(ctx, replay.ID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s.Wake(ctx, replay)
	return replay, nil
}

func (s *Service) replay(ctx context.Context, tx ReplayTx, actor *models.Actor, in ToReplay) (*Callback, error) {
	original, err := in.lockOriginal(ctx, tx, actor)
	if err != nil {
		return nil, err
	}
	replays, err := tx.Replays(ctx, actor.Scope(models.RoleViewer), original.ID)
	if err != nil {
		return nil, err
	}
	number := original.lastReplay(replays) + 1
	if err := original.replayable(in.field(), number, actor.PartnerID() != 0); err != nil {
		return nil, err
	}
	replay := original.replay(number)
	replay.ReplayedByUserID = actor.CreatorID()
	if in.ToURL != nil {
		replay.redirect(in.ToURL)
	}
	target, owners, err := replay.replayTarget(ctx, tx, in.field())
	if err != nil {
		return nil, err
	}
	if err := tx.CountReplays(ctx, map[int64]int{original.ID: number}); err != nil {
		return nil, err
	}
	replay.setTarget(target, owners)
	replay.CreatedAt = s.now()
	replay.dueUnlessPaused(replay.CreatedAt, owners)
	return replay, LineUp(ctx, tx, replay)
}

// lockOriginal reads the original of a replay that an actor may make. The lock makes replays of one original wait for
// each other, so that two cannot both be the third.
func (in ToReplay) lockOriginal(ctx context.Context, tx ReplayTx, actor *models.Actor) (*Callback, error) {
	named, err := in.findFor(ctx, tx, actor, (*Callback).requireSender)
	if err != nil {
		return nil, err
	}
	if in.ToURL != nil {
		if err := named.mayGoTo(actor, *in.ToURL); err != nil {
			return nil, err
		}
	}
	return tx.LockCallback(ctx, actor.Scope(models.RoleViewer), named.ID)
}

// mayGoTo tells whether an actor may send a replay of the callback to another URL.
func (c *Callback) mayGoTo(actor *models.Actor, url string) error {
	if err := actor.RequireProjectRole(c.AccountID, c.ProjectID, models.RoleAdmin); err != nil {
		return err
	}
	if c.Target == TargetSSOClient {
		return models.Conflict("toUrl", "this callback is a notice, which goes to the partner's webhook alone")
	}
	return models.CheckCallbackURL("toUrl", url)
}

// redirect points a replay at another URL than its original's. It stands in no line: those that do wait for where they
// all go.
func (c *Callback) redirect(url *string) {
	c.Target, c.TargetURL, c.TargetHeaders, c.Unreadable, c.OrderingKey = TargetRequest, url, nil, nil, ""
}

// replayTarget is where a replay goes.
func (c *Callback) replayTarget(
	ctx context.Context, tx PartiesTx, field string,
) (tenant.Target, Owners, error) {
	owners, err := ownersOf(ctx, tx, c.ProjectID)
	if err != nil {
		return tenant.Target{}, owners, err
	}
	target, err := resolveTarget(ctx, tx, c, owners)
	if err == nil && target.URL == "" {
		err = models.Conflict(field, "there is no URL to call back to any more")
	}
	return target, owners, cmp.Or(err, target.Unreadable)
}

// lastReplay is the highest number that a replay of the callback ever had: of the given ones, which are still there,
// and of those that are counted.
func (c *Callback) lastReplay(replays []*Callback) int {
	last := c.ReplayCount
	for _, r := range replays {
		last = max(last, ReplayNumber(r.DedupKey))
	}
	return last
}

// maxReplays is how many of the callback there can be when one more is made. A partner leaves the last one of its
// customers' callbacks to them and to the platform: it could use up all otherwise, before they know of the failure.
func (c *Callback) maxReplays(byPartner bool) int {
	if byPartner && c.Target != TargetSSOClient {
		return MaxReplays - 1
	}
	return MaxReplays
}

// notReplayable says why a callback cannot be replayed for the nth time; empty: it can.
func (c *Callback) notReplayable(number int, byPartner bool) SkipReason {
	switch {
	case c.rules().test:
		return SkipTest
	case c.ReplayOfID != nil:
		return SkipReplay
	case !c.Status.Ended():
		return SkipNotEnded
	case c.PayloadPurgedAt != nil:
		return SkipPayloadPurged
	case number > c.maxReplays(byPartner):
		return SkipReplayedEnough
	}
	return ""
}

func anotherTest(field string) error {
	return models.Conflict(field, "this callback is a test; send another one (sendTestCallback)")
}

func (c *Callback) replayable(field string, number int, byPartner bool) error {
	switch c.notReplayable(number, byPartner) {
	case SkipTest:
		return anotherTest(field)
	case SkipReplay:
		return models.Conflict(field, "this callback is itself a replay; replay the original")
	case SkipNotEnded:
		return models.Conflict(field,
			"this callback is still %s; only one that has ended can be replayed", c.Status)
	case SkipPayloadPurged:
		return models.Conflict(field, "the payload of this callback was deleted on %s, when it had been kept "+
			"for as long as payloads are; there is nothing to send again", c.PayloadPurgedAt.Format(time.RFC3339))
	case SkipReplayedEnough:
		if number <= MaxReplays {
			return models.Conflict(field, "this callback was replayed %d times already; the last of its %d replays is left to "+
				"whose callback it is, and to the platform", number-1, MaxReplays)
		}
		return models.Conflict(field,
			"this callback was replayed %d times already, which is the limit", MaxReplays)
	}
	return nil
}

func (c *Callback) replay(number int) *Callback {
	return &Callback{
		UID: models.NewUID(), Ref: c.Ref, Event: c.Event,
		Target: c.Target, TargetURL: c.TargetURL, TargetHeaders: c.TargetHeaders, Unreadable: c.Unreadable,
		ContentType: c.ContentType, Body: c.Body, AccountID: c.AccountID, ProjectID: c.ProjectID,
		Source: c.Source, CreatedByUserID: c.CreatedByUserID, ReplayOfID: &c.ID, CauseID: c.CauseID,
		OrderingKey: c.OrderingKey, DedupKey: replayPrefix + c.UID.String() + ":" + strconv.Itoa(number),
	}
}
