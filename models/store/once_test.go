package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

func TestClaimIsWrittenWithWhatIsMadeAndGoesAfterADay(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	clock := modelstest.NewClock(modelstest.Start)
	once, key := models.NewOnce(s, clock.Now), "k"
	call := models.Call{Actor: models.PlatformActor(), Key: &key, Content: []byte("a")}
	makes := func(id int64, failure error) (int64, error) {
		return models.DoOnce(t.Context(), once, call, func(ctx context.Context) (int64, error) {
			return id, s.Transaction(ctx, func(*store.Store) error {
				models.Made(ctx, id)
				return failure
			})
		}, func(ids []int64) (int64, error) { return ids[0], nil })
	}
	if _, err := makes(1, modelstest.ErrBroken); !errors.Is(err, modelstest.ErrBroken) {
		t.Errorf("got %v", err)
	}
	wantMade := func(id, want int64) {
		t.Helper()
		if got, err := makes(id, nil); err != nil || got != want {
			t.Errorf("got %d, %v, want %d", got, err, want)
		}
	}
	wantMade(2, 2)
	wantMade(3, 2)
	gone, _, err := s.PurgeClaims(t.Context(), clock.Now().Add(-models.OnceTime), 10)
	if err != nil || gone != 0 {
		t.Errorf("purged %d, %v", gone, err)
	}
	clock.Advance(models.OnceTime)
	wantMade(4, 4) // whether or not it was purged
	clock.Advance(models.OnceTime)
	if gone, _, err := s.PurgeClaims(t.Context(), clock.Now().Add(-models.OnceTime), 10); err != nil || gone != 1 {
		t.Errorf("purged %d, %v", gone, err)
	}
}
