package jobs

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringback/ringback/models/modelstest"
)

// TestWhoLooksOnIsRungForOnceInATenthOfASecond: however much is written meanwhile; and once more for what was written
// after a ring.
func TestWhoLooksOnIsRungForOnceInATenthOfASecond(t *testing.T) {
	t.Parallel()
	embedded, err := StartEmbeddedRedis()
	modelstest.NoError(t, err)
	t.Cleanup(func() { modelstest.NoError(t, embedded.Close()) })
	writes, looks := NewQueue(embedded.Client, "q", prometheus.NewRegistry()), NewQueue(embedded.Client, "q", prometheus.NewRegistry())
	rings := make(chan struct{}, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan struct{})
	go func() {
		defer close(left)
		looks.Listen(ctx, func() { rings <- struct{}{} })
	}()
	modelstest.Eventually(t, "it listens", func() bool {
		writes.Changed()
		return len(rings) > 0
	})
	begun, before := time.Now(), len(rings)
	for time.Since(begun) < 3*changesInterval {
		writes.Changed()
	}
	most := before + int(time.Since(begun)/changesInterval) + 2 // one may be on its way, and one has just begun
	modelstest.Receive(t, "a ring", rings)
	if n := len(rings); n > most {
		t.Errorf("rung %d times, at most %d", n, most)
	}
	cancel()
	modelstest.Receive(t, "who listens leaves", left)
}
