package callback

import (
	"context"
	"slices"
	"time"
)

// LineTx is how a callback joins the line of those that have its ordering key.
type LineTx interface {
	// LockKey makes transactions that lock the same key wait for each other, to their ends: those that lengthen or shorten a
	// line, by its ordering key, and others by names of their own.
	LockKey(ctx context.Context, key string) error
	// LineIsEmpty reports whether all callbacks of an ordering key have ended.
	LineIsEmpty(ctx context.Context, key string) (bool, error)
	// Head returns the callback of an ordering key that is not held; nil where there is none.
	Head(ctx context.Context, key string) (*Callback, error)
	// ReleaseNext makes the first held callback of an ordering key due; nil where there is none.
	ReleaseNext(ctx context.Context, key string, now time.Time) (*Callback, error)
	// PullForward makes a PENDING callback due that was attempted as often as it says; false: it was claimed since, or
	// has ended.
	PullForward(ctx context.Context, c *Callback, now time.Time) (bool, error)
}

// LineUp creates callbacks that were composed, in this order, each at the end of its line where it has one. Where an
// earlier one of its ordering key has not ended, it is held. So of each line at most one callback, the first, is not
// held, and what is held costs the delivery nothing.
func LineUp(ctx context.Context, tx Tx, callbacks ...*Callback) error {
	if err := lockLines(ctx, tx, callbacks); err != nil {
		return err
	}
	for _, c := range callbacks {
		if err := join(ctx, tx, c); err != nil {
			return err
		}
	}
	return nil
}

// join creates a callback at the end of its line, which is locked.
func join(ctx context.Context, tx Tx, c *Callback) error {
	if c.OrderingKey != "" {
		if err := supersede(ctx, tx, c); err != nil {
			return err
		}
		if err := retryRefused(ctx, tx, c); err != nil {
			return err
		}
		empty, err := tx.LineIsEmpty(ctx, c.OrderingKey)
		if err != nil {
			return err
		}
		if !empty {
			c.Held, c.Paused, c.NextAttemptAt = true, false, nil
		}
	}
	return tx.CreateCallbacks(ctx, c)
}

// lockLines locks the lines that callbacks stand in, in the order of their keys: who does the same at the same moment
// waits, and does not deadlock.
func lockLines(ctx context.Context, tx LineTx, callbacks []*Callback) error {
	var keys []string
	for _, c := range callbacks {
		if c.OrderingKey != "" {
			keys = append(keys, c.OrderingKey)
		}
	}
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		if err := tx.LockKey(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// releaseNext lets the line of a callback that has ended move up, and returns the one whose turn it is now, nil for
// none. The transaction has locked the ordering key.
func releaseNext(ctx context.Context, tx LineTx, c *Callback, now time.Time) (*Callback, error) {
	if c.OrderingKey == "" || !c.Status.Ended() {
		return nil, nil
	}
	return tx.ReleaseNext(ctx, c.OrderingKey, now)
}
