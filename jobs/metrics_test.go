package jobs

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestTroublesAreCountedFromZero(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	NewTroubles(registry)
	families, err := registry.Gather()
	if err != nil || len(families) != 2 {
		t.Fatalf("%d counters have a series (%v): an alert on an increase does not hear of the first", len(families), err)
	}
}
