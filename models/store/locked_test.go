package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// Who waits for a row holds up all that it has locked itself.
func TestWhatAnotherTransactionHasLockedIsPassedBy(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("SQLite has one writer")
	}
	at, lease := start.Add(time.Minute), start.Add(2*time.Minute)
	claims := func(t *testing.T, s *store.Store, _ ...int64) {
		t.Helper()
		claimed, err := s.ClaimDue(t.Context(), of(to(shared), 2), at, lease)
		modelstest.NoError(t, err)
		if len(claimed) != 2 {
			t.Fatalf("claimed %d", len(claimed))
		}
	}
	sets := func(assignment string) func(*testing.T, *store.Store, ...int64) {
		return func(t *testing.T, s *store.Store, _ ...int64) {
			t.Helper()
			modelstest.NoError(t, s.DB().Exec("UPDATE callbacks SET "+assignment).Error)
		}
	}
	for name, c := range map[string]struct {
		before func(t *testing.T, s *store.Store, ids ...int64)
		does   func(ctx context.Context, s *store.Store, ids []int64) (int, error)
	}{
		"claim": {sets("held = held"), func(ctx context.Context, s *store.Store, _ []int64) (int, error) {
			claimed, err := s.ClaimDue(ctx, of(to(shared), 2), at, lease)
			return len(claimed), err
		}},
		"suspect": {sets("interruption_count = 3"), func(ctx context.Context, s *store.Store, _ []int64) (int, error) {
			claimed, err := s.ClaimSuspect(ctx, at, lease)
			return len(claimed), err
		}},
		"sweep": {claims, func(ctx context.Context, s *store.Store, _ []int64) (int, error) {
			return s.InterruptExpired(ctx, callback.LeasedCallbacks, lease, 10)
		}},
		"lanes": {sets("lane = ''"), func(ctx context.Context, s *store.Store, _ []int64) (int, error) {
			return s.GiveLanes(ctx, callback.LeasedCallbacks, 10)
		}},
		"announced stop": {claims, func(ctx context.Context, s *store.Store, ids []int64) (int, error) {
			err := s.AnnounceStop(ctx, callback.LeasedCallbacks, ids)
			var excused []int64
			if err == nil {
				err = s.DB().WithContext(ctx).Raw("SELECT id FROM callbacks WHERE interruption_count < 0").Scan(&excused).Error
			}
			return len(excused), err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := storetest.Open(t)
			created := newCallbacks(t, s, newCustomer(t, s, "a"), shared, 2)
			c.before(t, s, created...)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // for a failure only
			defer cancel()
			modelstest.NoError(t, s.Transaction(t.Context(), func(tx *store.Store) error {
				modelstest.NoError(t, tx.DB().Exec("UPDATE callbacks SET id = id WHERE id = ?", created[0]).Error)
				if n, err := c.does(ctx, s, created); n != 1 || err != nil {
					t.Errorf("it was done with %d of 2, of which one is locked; %v", n, err)
				}
				return nil
			}))
		})
	}
}

func TestBodyOfACallbackThatIsGoneIsNotFound(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	c := newCallback(t, s, newCustomer(t, s, "a"), start)
	body, err := s.Body(t.Context(), c.ID)
	modelstest.NoError(t, err)
	if string(body) != "body" {
		t.Errorf("got %q", body)
	}
	_, err = s.Body(t.Context(), c.ID+1)
	modelstest.WantError(t, err, models.CodeNotFound, "")
}
