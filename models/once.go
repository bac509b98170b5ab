package models

import (
	"context"
	"crypto/sha256"
	"time"
)

// OnceTime is how long an idempotency key is remembered, counted from what was made.
const OnceTime = 24 * time.Hour

// Claim is what a call with an idempotency key has made.
type Claim struct {
	Key, Content [sha256.Size]byte // hashes: of the key, with whose it is, and of what was asked for
	At           time.Time
	IDs          []int64
}

// ClaimStore is the database as idempotency keys need it. A transaction whose context has a claim (withClaim) writes it
// with what it makes, if Made was told of that within it, and fails where there is one of the same key.
type ClaimStore interface {
	// Claim returns what was claimed after a time under a key; nil: nothing.
	Claim(ctx context.Context, key [sha256.Size]byte, after time.Time) (*Claim, error)
}

type claimKey struct{}

// ClaimFrom returns the claim of a context that something is to be made under; nil: there is none.
func ClaimFrom(ctx context.Context) *Claim {
	claim, _ := ctx.Value(claimKey{}).(*Claim)
	return claim
}

// Made says within a transaction what it makes: that is found when the same call comes again.
func Made(ctx context.Context, ids ...int64) {
	if claim := ClaimFrom(ctx); claim != nil {
		claim.IDs = ids
	}
}

// Once lets calls be sent again that make something.
type Once struct {
	store ClaimStore
	now   func() time.Time
}

// NewOnce keeps keys in a database.
func NewOnce(store ClaimStore, now func() time.Time) *Once { return &Once{store, now} }

// Call is what an actor asks for under a key.
type Call struct {
	Actor   *Actor
	Key     *string // nil: it has none, and makes something each time
	Content []byte
}

// DoOnce makes something, or finds what the same call has made within OnceTime before, also where that failed only in
// the answer. One of the same actor with the same key and another content is a CONFLICT on idempotencyKey. Of two at the
// same time one waits for the other, and finds what that has made. A key that is none hides no other problem.
func DoOnce[T any](
	ctx context.Context, o *Once, call Call, do func(context.Context) (T, error), again func(ids []int64) (T, error),
) (made T, err error) {
	if call.Key == nil {
		return do(ctx)
	}
	if err := CheckName("idempotencyKey", *call.Key); err != nil {
		return Refused(ctx, err, do)
	}
	claim := &Claim{
		Key: sha256.Sum256([]byte(call.Actor.Name() + "\x00" + *call.Key)), Content: sha256.Sum256(call.Content), At: o.now(),
	}
	if before, err := o.before(ctx, claim); before != nil || err != nil {
		return onceMore(before, err, again)
	}
	if made, err = do(context.WithValue(ctx, claimKey{}, claim)); err == nil {
		return made, nil
	}
	// What the other has made may be why this one failed, in whatever way.
	if before, findErr := o.before(ctx, claim); before != nil || ErrorCode(findErr) == CodeConflict {
		return onceMore(before, findErr, again)
	}
	return made, err
}

func onceMore[T any](before *Claim, err error, again func(ids []int64) (T, error)) (made T, _ error) {
	if err != nil {
		return made, err
	}
	return again(before.IDs)
}

// before returns the claim of the same call; nil: there is none.
func (o *Once) before(ctx context.Context, claim *Claim) (*Claim, error) {
	found, err := o.store.Claim(ctx, claim.Key, claim.At.Add(-OnceTime))
	if err == nil && found != nil && found.Content != claim.Content {
		return nil, Conflict("idempotencyKey", "was used within the last 24 h for something else")
	}
	return found, err
}

// ErrClaimed is that of a transaction whose claim another was quicker to write.
var ErrClaimed = Conflict("idempotencyKey", "is being used by another call: try again in a moment")
