package graph_test

import (
	"testing"
	"time"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// An Int of GraphQL has 32 bits. Whatever a receiver or a clock makes of an attempt, its history can be read.
func TestWhatDoesNotFitAnIntDoesNotBreakTheHistory(t *testing.T) {
	t.Parallel()
	for _, o := range []callback.Outcome{
		{HTTPStatus: ptr(1 << 31), Duration: 40 * 24 * time.Hour},
		{HTTPStatus: ptr(-1 << 62), Duration: -time.Second},
		{HTTPStatus: ptr(0)},
	} {
		w := newWorld(t)
		c := finishCrawl(t, w.service, 124300, demoProject)
		modelstest.NoError(
			t,
			w.service.Callbacks.Deliveries.Settle(
				t.Context(), w.service.Callbacks.Deliveries.Decide(modelstest.ClaimOnly(t, w.service.Callbacks, c.ID), o),
			),
		)
		a := w.ok(w.admin(), `query($uid: ID!) { getCallback(uid: $uid) { httpStatus attempts { nodes { httpStatus durationMs error { code } } } } }`,
			variables{"uid": c.UID.String()})
		if a.at("getCallback.httpStatus") != nil || a.at("getCallback.attempts.nodes.0.httpStatus") != nil {
			t.Errorf("%+v: %s", o, a.Body)
		}
		ms, _ := a.at("getCallback.attempts.nodes.0.durationMs").(float64)
		if want := min(max(o.Duration.Milliseconds(), 0), 1<<31-1); ms != float64(want) {
			t.Errorf("durationMs is %v, want %d", ms, want)
		}
	}
}
