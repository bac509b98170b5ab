package store_test

import (
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/store/storetest"
)

func TestPurgeTakesTheLongestEndedUpToTheLimitAndTheirAttempts(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newTenant(t, s, "a")
	var old []*models.Callback
	var callbackIDs []int64
	for i := range 5 {
		c := newCallback(t, s, n, start.Add(time.Duration(i)*time.Second))
		newAttempt(t, s, c, 1)
		settle(t, s, c, models.StatusFailed, 500)
		old, callbackIDs = append(old, c), append(callbackIDs, c.ID)
	}
	for _, left := range []int{3, 1, 0, 0} {
		gone, err := s.PurgeCallbacks(t.Context(), start.Add(time.Minute), 2)
		noError(t, err)
		callbacks, err := s.Callbacks(t.Context(), everything(), callbackIDs...)
		noError(t, err)
		attempts, err := s.CountAttempts(t.Context(), everything(), callbackIDs)
		noError(t, err)
		if len(callbacks) != left || len(attempts) != left || gone != len(old)-left {
			t.Fatalf("%d went; %d callbacks and attempts of %d are left, want %d", gone, len(callbacks), len(attempts), left)
		}
		old = old[gone:]
		for _, c := range old {
			read(t, s, c.ID)
		}
	}
}

func TestPurgeLeavesWhatHasNotEndedOrNotLongAgo(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newTenant(t, s, "a")
	newCallback(t, s, n, start) // PENDING
	claim(t, s, newCallback(t, s, n, start), start, start.Add(time.Minute))
	settle(t, s, newCallback(t, s, n, start.Add(time.Second)), models.StatusSuccess, 200)
	if gone, err := s.PurgeCallbacks(t.Context(), start.Add(time.Second), 10); err != nil || gone != 0 {
		t.Errorf("%d went, %v", gone, err)
	}
	if gone, err := s.PurgeCallbacks(t.Context(), start.Add(time.Second+time.Microsecond), 10); err != nil || gone != 1 {
		t.Errorf("%d went, %v", gone, err)
	}
	if gone, err := s.PurgeCallbacks(t.Context(), start.Add(10_000*time.Hour), 10); err != nil || gone != 0 {
		t.Errorf("%d went that have not ended, %v", gone, err)
	}
}

func TestPurgeTakesAnOriginalAfterItsReplaysAndNotices(t *testing.T) {
	t.Parallel()
	for name, link := range map[string]func(c, original *models.Callback){
		"replay": func(c, original *models.Callback) { c.ReplayOfID = &original.ID },
		"notice": func(c, original *models.Callback) { c.CauseID = &original.ID },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := storetest.Open(t)
			n := newTenant(t, s, "a")
			original := newCallback(t, s, n, start)
			settle(t, s, original, models.StatusFailed, 500)
			child := newCallback(t, s, n, start, func(c *models.Callback) { link(c, original) })
			end := start.Add(time.Minute)
			if gone, err := s.PurgeCallbacks(t.Context(), end, 10); err != nil || gone != 0 {
				t.Fatalf("%d went while the child waits, %v", gone, err)
			}
			settle(t, s, child, models.StatusSuccess, 200)
			for range 2 { // the child, then the original
				if gone, err := s.PurgeCallbacks(t.Context(), end, 10); err != nil || gone != 1 {
					t.Errorf("%d went, %v", gone, err)
				}
			}
			if left, err := s.Callbacks(t.Context(), everything(), original.ID, child.ID); err != nil || len(left) != 0 {
				t.Errorf("%v are left, %v", ids(left), err)
			}
		})
	}
}

func TestPurgesAtOnceTakeEachCallbackOnce(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newTenant(t, s, "a")
	const callbacks = 12
	for range callbacks {
		settle(t, s, newCallback(t, s, n, start), models.StatusSuccess, 200)
	}
	counts := make([]int, 3)
	atOnce(len(counts), func(i int) {
		for range callbacks {
			err := s.InTx(t.Context(), func(tx models.Store) error {
				gone, err := tx.PurgeCallbacks(t.Context(), start.Add(time.Minute), 2)
				counts[i] += gone
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
	if got := counts[0] + counts[1] + counts[2]; got != callbacks {
		t.Errorf("%d went, want %d", got, callbacks)
	}
}
