package modelstest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// Choosy makes claims give back at once what ClaimOnly does not mean.
func Choosy(db *callback.Ports) {
	db.InDeliveryTx = Through(db.InDeliveryTx, func(tx callback.DeliveryTx) callback.DeliveryTx { return choosy{tx} })
}

type choosy struct{ callback.DeliveryTx }

// meant is the context key of the only callback that may be claimed.
type meant struct{}

// ClaimOnly claims one callback, on services that stand on a Choosy, as a worker does that finds no other due in its
// lane.
func ClaimOnly(t testing.TB, s *callback.Service, id int64) *callback.Delivery {
	t.Helper()
	c, err := s.Callback(t.Context(), models.PlatformActor().Scope(models.RoleViewer), id)
	NoError(t, err)
	deliveries, _, _, err := s.Deliveries.Claim(context.WithValue(t.Context(), meant{}, id), Limit(c.Lane, 1000))
	NoError(t, err)
	if len(deliveries) != 1 {
		t.Fatalf("callback %d, %s and due at %s: got %d deliveries", id, c.Status, c.NextAttemptAt, len(deliveries))
	}
	return deliveries[0]
}

// ClaimDue claims the one that is meant.
func (c choosy) ClaimDue(
	ctx context.Context, lanes []callback.LaneLimit, now, leaseUntil time.Time,
) ([]*callback.Callback, error) {
	claimed, err := c.DeliveryTx.ClaimDue(ctx, lanes, now, leaseUntil)
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
