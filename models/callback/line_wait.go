package callback

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// refusedForGood are the statuses after which a receiver says the same of the same body.
var refusedForGood = []int{
	http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
	http.StatusUnprocessableEntity,
}

// supersededError is of an older result that has failed, where a newer one is ready: the newest is what counts.
var supersededError = &AttemptError{Superseded, "a newer result for this URL is ready, and is sent instead"}

// LineReader reads how the head of a line fares.
type LineReader interface {
	// AttemptedAt returns when the first and the last attempt before one of a number began; zero times where there was
	// none.
	AttemptedAt(ctx context.Context, callbackID int64, before int) (first, last time.Time, err error)
	// LaneSucceeded reports whether one of the last 1,000 callbacks of an account that ended did so in a lane, as
	// SUCCESS, after a time.
	LaneSucceeded(ctx context.Context, accountID int64, lane Lane, after time.Time) (bool, error)
}

// giveUpEarly lets the head of a line that has failed end before its schedule does, where others wait behind it: an
// older result where there is a newer one, what the receiver refuses for good, and what has held them up for too
// long, though its lane succeeds with others. While the receiver is down for everybody, all wait. The transaction has
// locked the ordering key.
func (ds *Deliveries) giveUpEarly(ctx context.Context, tx SettlementTx, d *Delivery, at time.Time) error {
	c := d.Callback
	if c.OrderingKey == "" || !d.counted || c.Status.Ended() {
		return nil
	}
	behind, err := tx.FirstHeld(ctx, c.OrderingKey)
	if err != nil || behind == nil {
		return err
	}
	if c.rules().newestCounts {
		newer, err := tx.HoldsNewer(ctx, c)
		if err != nil {
			return err
		}
		if newer {
			c.Error, d.counted = supersededError, false // and nobody is notified
			c.end(StatusFailed, at)
			return nil
		}
	}
	if c.refusedForGood() {
		c.end(StatusFailed, at)
		return nil
	}
	if at.Sub(behind.CreatedAt) < ds.engine.rules.LineWait {
		return nil
	}
	blocks, err := blocks(ctx, tx, c, c.AttemptCount, at, ds.engine.rules.LineWait)
	if blocks && err == nil {
		c.end(StatusFailed, at)
	}
	return err
}

// blocks reports whether the head of a line has been attempted for as long as others wait, and its lane has succeeded
// since the last attempt before one of a number.
func blocks(
	ctx context.Context, tx LineReader, c *Callback, before int, at time.Time, wait time.Duration,
) (bool, error) {
	first, last, err := tx.AttemptedAt(ctx, c.ID, before)
	if err != nil || first.IsZero() || at.Sub(first) < wait {
		return false, err
	}
	return tx.LaneSucceeded(ctx, c.AccountID, c.Lane, last)
}

// supersede ends the result of an older source that has failed and waits for its next attempt, as a newer one lines
// up. A replay supersedes nothing. The transaction has locked the ordering key.
func supersede(ctx context.Context, tx Tx, c *Callback) error {
	if !c.rules().newestCounts || c.ReplayOfID != nil {
		return nil
	}
	head, err := tx.Head(ctx, c.OrderingKey)
	if err != nil || head == nil || !c.Source.newer(head.Source) {
		return err
	}
	if head.Status != StatusPending || head.FailureCount == 0 {
		return nil
	}
	head.Error = supersededError
	head.end(StatusFailed, c.CreatedAt)
	// Not where a worker has claimed it meanwhile.
	owned, err := settleCallbacks(ctx, tx, []*Callback{head}, []*Attempt{nil})
	if err != nil || !owned[0] {
		return err
	}
	c.Released, err = tx.ReleaseNext(ctx, c.OrderingKey, c.CreatedAt)
	return err
}

// retryRefused makes the head due that the receiver has refused for good while it was alone, as another lines up: one
// more attempt, and then it gives way. The transaction has locked the ordering key.
func retryRefused(ctx context.Context, tx LineTx, c *Callback) error {
	head, err := tx.Head(ctx, c.OrderingKey)
	if err != nil || head == nil || head.Status != StatusPending || !head.refusedForGood() {
		return err
	}
	pulled, err := tx.PullForward(ctx, head, c.CreatedAt)
	if pulled {
		head.due(c.CreatedAt)
		c.Released = head
	}
	return err
}

// refusedForGood reports whether the receiver would say the same again.
func (c *Callback) refusedForGood() bool {
	return c.HTTPStatus != nil && slices.Contains(refusedForGood, *c.HTTPStatus)
}

// maxStuckHeads bounds what one sweep looks at; the next one goes on after them.
const maxStuckHeads = 100

// retryStuckHeads makes heads of lines due at once that have held up others for too long and whose lanes have
// succeeded since their last attempts: one more attempt, and then they give way. It returns the lanes in which there
// are any.
func (u *Upkeep) retryStuckHeads(ctx context.Context, at time.Time) ([]Lane, error) {
	db, wait := u.engine.db, u.engine.rules.LineWait
	heads, err := db.StuckHeads(ctx, u.stuckHead.Load(), at, at.Add(-wait), maxStuckHeads)
	if err != nil {
		return nil, err
	}
	last := int64(0)
	if len(heads) == maxStuckHeads {
		last = heads[len(heads)-1].ID
	}
	u.stuckHead.Store(last)
	var lanes []Lane
	for _, c := range heads {
		blocks, err := blocks(ctx, db, c, c.AttemptCount+1, at, wait)
		if err != nil {
			return nil, err
		}
		if !blocks {
			continue
		}
		pulled, err := db.PullForward(ctx, c, at)
		if err != nil {
			return nil, err
		}
		if pulled {
			lanes = append(lanes, c.Lane)
		}
	}
	return DistinctLanes(lanes), nil
}
