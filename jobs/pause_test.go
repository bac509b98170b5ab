package jobs

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/jobs/scheduler"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

// What a worker holds may have been claimed before the pause.
func TestADeliveryThatHasWaitedLooksWhetherItMayStillBegin(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	w := newWorld(t, nil, callback.Schedule{time.Minute}, func(http.ResponseWriter, *http.Request) { requests.Add(1) })
	late := w.serviceAt(func() time.Time { return time.Now().Add(callback.PauseObeyed) })
	d := newDeliverer(t, w)
	d.service, d.deliveries = late, late.Deliveries
	deliverOne := func() *callback.Callback {
		t.Helper()
		c := w.newCallback(t)
		claimed, _, _, err := w.Claim(t.Context(), modelstest.Limit(c.Lane, 1))
		modelstest.NoError(t, err)
		if len(claimed) != 1 {
			t.Fatalf("claimed %d", len(claimed))
		}
		if requests.Load() > 0 { // of the first, which nobody has paused
			must[tenant.Configured](t)(w.PauseCallbacks(
				t.Context(), models.PlatformActor(), tenant.CallbackOwner{ProjectID: testProject},
			))
		}
		d.deliver(t.Context(), claimed[0], func(scheduler.Answer) {})
		return w.callback(t, c.ID)
	}
	if c := deliverOne(); c.Status != callback.StatusSuccess || requests.Load() != 1 {
		t.Errorf("not paused: %s, %d requests", c.Status, requests.Load())
	}
	c := deliverOne()
	if c.Status != callback.StatusPending || c.AttemptCount != 0 || requests.Load() != 1 {
		t.Errorf("paused: %s, %d attempts, %d requests", c.Status, c.AttemptCount, requests.Load())
	}
	if attempts := w.attempts(t, c.ID); len(attempts) != 0 {
		t.Errorf("%d attempts are in the history", len(attempts))
	}
}
