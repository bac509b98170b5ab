package store_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// returningWrites are those that read what they have written, in one statement of the store's own.
var returningWrites = map[string]scopedRead{
	"Swept": func(ctx context.Context, s *store.Store, _ models.Scope, _ *estate) (int, error) {
		_, err := s.Swept(ctx, start, start, start)
		return 0, err
	},
	"ChangeUsage": func(ctx context.Context, s *store.Store, _ models.Scope, e *estate) (int, error) {
		_, err := s.ChangeUsage(ctx, e.account.ID, run.Usage{})
		return 0, err
	},
	"ReleaseNext": func(ctx context.Context, s *store.Store, _ models.Scope, _ *estate) (int, error) {
		_, err := s.ReleaseNext(ctx, "none", start)
		return 0, err
	},
	"ClaimDue": func(ctx context.Context, s *store.Store, _ models.Scope, _ *estate) (int, error) {
		_, err := s.ClaimDue(ctx, of(to("none.example:443"), 1), start, start)
		return 0, err
	},
	"ClaimDueBatches": func(ctx context.Context, s *store.Store, _ models.Scope, _ *estate) (int, error) {
		_, err := s.ClaimDueBatches(ctx, of(to("none.example:443"), 1), start, start)
		return 0, err
	},
	"RenewLeases": func(ctx context.Context, s *store.Store, _ models.Scope, _ *estate) (int, error) {
		_, err := s.RenewLeases(ctx, callback.LeasedCallbacks, []callback.Lease{{}}, start)
		return 0, err
	},
	"InterruptExpired": func(ctx context.Context, s *store.Store, _ models.Scope, _ *estate) (int, error) {
		return s.InterruptExpired(ctx, callback.LeasedCallbacks, start.Add(-time.Hour), 1)
	},
	"SettleCallbacks": func(ctx context.Context, s *store.Store, _ models.Scope, _ *estate) (int, error) {
		_, err := s.SettleCallbacks(ctx, &callback.Callback{Status: callback.StatusFailed})
		return 0, err
	},
	"TakeHealth": func(ctx context.Context, s *store.Store, _ models.Scope, _ *estate) (int, error) {
		_, err := s.TakeHealth(ctx, 1)
		return 0, err
	},
	"HealthHours": func(ctx context.Context, s *store.Store, _ models.Scope, _ *estate) (int, error) {
		_, err := s.HealthHours(ctx, []callback.HealthKey{{}})
		return 0, err
	},
	"DeleteUserKey": func(ctx context.Context, s *store.Store, _ models.Scope, e *estate) (int, error) {
		k := &tenant.UserKey{UserID: e.user.ID, SecretHash: []byte("of a key"), CreatedAt: start}
		if err := s.CreateUserKey(ctx, k); err != nil {
			return 0, err
		}
		_, err := s.DeleteUserKey(ctx, e.user.ID, k.ID)
		return 0, err
	},
}

// While a release adds columns, processes of the one before go on with what they have prepared.
func TestColumnsThatAreAddedBesideBreakNoStatement(t *testing.T) {
	t.Parallel()
	databaseURL := storetest.URL(t)
	s := storetest.OpenURL(t, databaseURL)
	_, err := s.Migrate(t.Context())
	modelstest.NoError(t, err)
	e := newEstate(t, s, "acme")
	all := allReads()
	maps.Copy(all, returningWrites)
	askAll := func() {
		for name, ask := range all {
			if _, err := ask(t.Context(), s, everything(), e); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	askAll()
	beside := storetest.OpenURL(t, databaseURL).DB()
	tables, err := beside.Migrator().GetTables()
	modelstest.NoError(t, err)
	for _, table := range tables {
		if strings.HasPrefix(table, "sqlite_") {
			continue
		}
		modelstest.NoError(t, beside.Exec(`ALTER TABLE "`+table+`" ADD COLUMN of_the_next_release bigint`).Error)
	}
	askAll()
}
