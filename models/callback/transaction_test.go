package callback_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

// halting fails at one statement, and counts those that follow in spite of it.
type halting struct {
	callback.DeliveryTx
	at     string
	failed *bool
	after  *int
}

func (h halting) statement(name string, run func() error) error {
	switch {
	case *h.failed:
		*h.after++
	case name == h.at:
		*h.failed = true
		return modelstest.ErrBroken
	}
	return run()
}

func (h halting) GiveBackCallbacks(ctx context.Context, callbacks ...*callback.Callback) error {
	return h.statement("GiveBackCallbacks", func() error { return h.DeliveryTx.GiveBackCallbacks(ctx, callbacks...) })
}

func (h halting) SigningSecrets(
	ctx context.Context, at time.Time, owners ...tenant.SigningOwner,
) (found map[tenant.SigningOwner][]*tenant.SigningSecret, err error) {
	err = h.statement("SigningSecrets", func() (err error) {
		found, err = h.DeliveryTx.SigningSecrets(ctx, at, owners...)
		return err
	})
	return found, err
}

func (h halting) CreateAttempts(ctx context.Context, attempts []*callback.Attempt) error {
	return h.statement("CreateAttempts", func() error { return h.DeliveryTx.CreateAttempts(ctx, attempts) })
}

func (h halting) DeleteAttempts(ctx context.Context, of callback.Leased, ids ...int64) error {
	return h.statement("DeleteAttempts", func() error { return h.DeliveryTx.DeleteAttempts(ctx, of, ids...) })
}

func TestNoStatementFollowsOneThatHasFailed(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(w *modelstest.World) func(s *callback.Service) error{
		"GiveBackCallbacks of a claim":   claimAgain,
		"SigningSecrets of a claim":      claimAgain,
		"GiveBackCallbacks of a release": releaseAgain,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			at, _, _ := strings.Cut(name, " ")
			act := prepare(w)
			failed, after := new(bool), new(int)
			halts := func(tx callback.DeliveryTx) callback.DeliveryTx { return halting{tx, at, failed, after} }
			service := w.ServiceOn(func(db *callback.Ports) { db.InDeliveryTx = modelstest.Through(db.InDeliveryTx, halts) })
			if err := act(service); !errors.Is(err, modelstest.ErrBroken) || *after != 0 {
				t.Errorf("got %v, and %d statements after it", err, *after)
			}
		})
	}
}

func claimAgain(w *modelstest.World) func(*callback.Service) error {
	c := w.NewCallback()
	return func(s *callback.Service) error {
		_, _, _, err := s.Deliveries.Claim(w.T.Context(), modelstest.Limit(c.Lane, 10))
		return err
	}
}

func releaseAgain(w *modelstest.World) func(*callback.Service) error {
	d := w.MustClaim(w.NewCallback().ID)
	return func(s *callback.Service) error { return s.Deliveries.Release(w.T.Context(), []*callback.Delivery{d}) }
}
