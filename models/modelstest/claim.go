package modelstest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// Choosy is a store that gives back at once what ClaimOnly does not mean.
type Choosy struct{ callback.Store }

// meant is the context key of the only callback that may be claimed.
type meant struct{}

// ClaimOnly claims one callback, on services that stand on a Choosy, as a worker does that finds no other due in its
// lane.
func ClaimOnly(t testing.TB, s *callback.Service, id int64) *callback.Delivery {
	t.Helper()
	c, err := s.Callback(t.Context(), models.PlatformActor(), id)
	NoError(t, err)
	deliveries, _, _, err := s.Claim(context.WithValue(t.Context(), meant{}, id), Limit(c.Lane, 1000))
	NoError(t, err)
	if len(deliveries) != 1 {
		t.Fatalf("callback %d, %s and due at %s: got %d deliveries", id, c.Status, c.NextAttemptAt, len(deliveries))
	}
	return deliveries[0]
}

// InTx is as choosy.
func (c Choosy) InTx(ctx context.Context, f func(callback.Store) error) error {
	return c.Store.InTx(ctx, func(tx callback.Store) error { return f(Choosy{tx}) })
}

// ClaimDue claims the one that is meant.
func (c Choosy) ClaimDue(
	ctx context.Context, lanes []callback.LaneLimit, now, leaseUntil time.Time,
) ([]*callback.Callback, error) {
	claimed, err := c.Store.ClaimDue(ctx, lanes, now, leaseUntil)
	if err != nil {
		return nil, err
	}
	id, _ := ctx.Value(meant{}).(int64)
	var others []*callback.Callback
	for _, o := range claimed {
		if o.ID != id {
			o.NextAttemptAt = &now
			others = append(others, o)
		}
	}
	only := slices.DeleteFunc(claimed, func(c *callback.Callback) bool { return c.ID != id })
	return only, c.GiveBackCallbacks(ctx, others...)
}
