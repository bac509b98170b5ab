package callback_test

import (
	"context"
	"slices"
	"testing"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

// What is recorded at once is all of it or nothing: then a transaction leaves out what another worker has.
func TestSettlementsThatAreRecordedAtOnce(t *testing.T) {
	t.Parallel()
	for name, claimed := range map[string]bool{"all are theirs": false, "one was claimed again": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			var recorded []bool
			service := w.ServiceOn(func(db *callback.Ports) {
				record := db.Record
				db.Record = func(ctx context.Context, c []*callback.Callback, a []*callback.Attempt, n []callback.HealthCount) (bool, error) {
					done, err := record(ctx, c, a, n)
					recorded = append(recorded, done)
					return done, err
				}
			})
			held := inHand(w, 3)
			if claimed {
				claimedAgain(w, held[1:2], []*callback.Delivery{held[0], held[2]})
			}
			var batch []*callback.Settlement
			for _, d := range held {
				batch = append(batch, service.Deliveries.Decide(d, modelstest.Answered(200)))
			}
			modelstest.NoError(t, service.Deliveries.SettleTogether(t.Context(), batch...))
			if want := storetest.OnPostgres() && !claimed; !slices.Equal(recorded, []bool{want}) {
				t.Errorf("recorded at once: %v, want %t", recorded, want)
			}
			for i, d := range held {
				got := settledOf(w, d.Callback.ID)
				if late := claimed && i == 1; (got.Callback.Status == callback.StatusSuccess) == late ||
					got.Attempts[0].HTTPStatus == nil || *got.Attempts[0].HTTPStatus != 200 {
					t.Errorf("%d is %+v, its attempt %+v", i, got.Callback, got.Attempts[0])
				}
			}
		})
	}
}
