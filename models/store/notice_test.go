package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

func TestLastDigestIsTheEndOfItsIndex(t *testing.T) {
	t.Parallel()
	s := storetest.OpenNew(t)
	n := newCustomer(t, s, "a")
	isDigest := func(c *callback.Callback) { c.Event = callback.CallbacksFailedEvent }
	var last *callback.Callback
	for i := range 50 {
		at := start.Add(time.Duration(i) * time.Minute)
		cause := newCallback(t, s, n, at)
		newCallback(t, s, n, at, func(c *callback.Callback) { c.Event, c.CauseID = callback.CallbackFailedEvent, &cause.ID })
		last = newCallback(t, s, n, at, isDigest)
	}
	newCallback(t, s, n, start, isDigest, func(c *callback.Callback) { c.ReplayOfID = &last.ID })
	found, err := s.LastDigest(t.Context(), n.project.ID)
	modelstest.NoError(t, err)
	if found == nil || found.ID != last.ID || string(found.Body) != string(last.Body) {
		t.Errorf("found %+v, want %d", found, last.ID)
	}
	got := plan(t, s, "SELECT id FROM (?) AS last", s.QueryLastDigest(t.Context(), n.project.ID))
	if !strings.Contains(got, "callbacks_digests") || strings.Contains(got, "Sort") ||
		strings.Contains(got, "TEMP B-TREE") || strings.Contains(got, "Removed by Filter") {
		t.Error(got)
	}
}

func TestDigestThatWasClaimedStaysAsItIs(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	c := newCallback(t, s, n, start, func(c *callback.Callback) { c.Event = callback.CallbacksFailedEvent })
	for _, claimed := range []bool{false, true} {
		rewritten, err := s.RewriteDigest(t.Context(), c.ID, []byte("longer"))
		modelstest.NoError(t, err)
		if rewritten == claimed {
			t.Errorf("claimed: %t, rewritten: %t", claimed, rewritten)
		}
		if !claimed {
			claimedOnes, err := s.ClaimDue(t.Context(), of(c.Lane, 1), start.Add(time.Second), start.Add(time.Minute))
			modelstest.NoError(t, err)
			if len(claimedOnes) != 1 || string(claimedOnes[0].Body) != "longer" ||
				claimedOnes[0].Event != callback.CallbacksFailedEvent {
				t.Errorf("claimed %+v", claimedOnes)
			}
		}
	}
}
