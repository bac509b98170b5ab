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

// SQLite has one connection to write with. Who waits for it must hold nothing that its owner needs: each statement here
// is new to the database, since it has another number of parameters than those before it.
func TestWritesOutsideATransactionDoNotKeepOneFromGoingOn(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // for a failure only
	defer cancel()
	var ids []int64
	var leases []callback.Lease
	for round := range int64(40) {
		ids, leases = append(ids, round), append(leases, callback.Lease{ID: round})
		modelstest.AtOnce(4, func(i int) {
			if i < 3 {
				if _, err := s.RenewLeases(
					ctx, []callback.Leased{callback.LeasedCallbacks, run.LeasedBatches}[i%2], leases, start,
				); err != nil {
					t.Error(err)
				}
				return
			}
			failed := s.Transaction(ctx, func(tx *store.Store) error {
				_, err := tx.Callbacks(ctx, everything(), ids...)
				return err
			})
			if failed != nil {
				t.Error(failed)
			}
		})
	}
}
