package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// leased is two rows in a worker's hand.
type leased struct {
	of     callback.Leased
	leases [2]callback.Lease
	settle func(t *testing.T, tx *store.Store, i int)
	lease  func(t *testing.T, i int) *time.Time // nil when it is settled
}

func leasedCallbacks(t *testing.T, s *store.Store) leased {
	hands := inHand(t, s, newCustomer(t, s, "a"), 2)
	return leased{
		of:     callback.LeasedCallbacks,
		leases: [2]callback.Lease{{ID: hands[0].callback.ID, Attempt: 1}, {ID: hands[1].callback.ID, Attempt: 1}},
		settle: func(t *testing.T, tx *store.Store, i int) {
			t.Helper()
			hands[i].arrive()
			owned, err := tx.SettleCallbacks(t.Context(), hands[i].callback)
			modelstest.NoError(t, err)
			if !owned[0] {
				t.Errorf("callback %d was not settled", i)
			}
		},
		lease: func(t *testing.T, i int) *time.Time { t.Helper(); return read(t, s, hands[i].callback.ID).LeaseUntil },
	}
}

func leasedBatches(t *testing.T, s *store.Store) leased {
	w := newWork(t, s, newCustomer(t, s, "a"))
	w.newBatches(t, s, 2)
	batches := w.claim(t, s, 2)
	return leased{
		of:     run.LeasedBatches,
		leases: [2]callback.Lease{{ID: batches[0].ID, Attempt: 1}, {ID: batches[1].ID, Attempt: 1}},
		settle: func(t *testing.T, tx *store.Store, i int) {
			t.Helper()
			b := batches[i]
			b.Status, b.FinishedAt, b.LeaseUntil = run.Succeeded, &start, nil
			owned, err := tx.SettleBatch(t.Context(), b)
			modelstest.NoError(t, err)
			if !owned {
				t.Errorf("batch %d was not settled", i)
			}
		},
		lease: func(t *testing.T, i int) *time.Time { t.Helper(); return readBatch(t, s, batches[i].ID).LeaseUntil },
	}
}

// Who renews has some rows and waits for others, and who settles has one of those and comes to the first: with waiting,
// that is a deadlock.
func TestRenewalDoesNotWaitForWhatIsJustBeingSettled(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite has one writer, so nothing is written while something is being settled")
	}
	for name, newLeased := range map[string]func(*testing.T, *store.Store) leased{
		"callbacks": leasedCallbacks, "batches": leasedBatches,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := storetest.Open(t)
			l := newLeased(t, s)
			renewed := start.Add(time.Hour)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // for a failure only
			defer cancel()
			modelstest.NoError(t, s.Transaction(t.Context(), func(tx *store.Store) error {
				l.settle(t, tx, 1)
				if got, err := s.RenewLeases(ctx, l.of, l.leases[:], renewed); err != nil || len(got) != 1 ||
					got[0] != l.leases[0] {
					t.Errorf("renewed %v, %v", got, err)
				}
				if got := l.lease(t, 0); got == nil || !got.Equal(renewed) {
					t.Errorf("what nobody settles has a lease until %v", got)
				}
				l.settle(t, tx, 0)
				return nil
			}))
			for i := range l.leases {
				if got := l.lease(t, i); got != nil {
					t.Errorf("%d is settled, and has a lease until %s", i, got)
				}
			}
		})
	}
}
