package graph_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

func TestPurgedPayloadsAreEmptyAndSaySo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.callback.crawl.ID
	action := w.action("purged")
	r := createRun(t, w.service, run.NewRun{
		Action: "purged", ProjectID: demoProject,
		Inputs: []run.NewInput{{Input: json.RawMessage(`{"q":"shoes"}`), CustomData: json.RawMessage(`2`)}},
	})
	execute(t, w.service, action, executed(200, `{"results":[1]}`))
	ask := func() *answer {
		return w.ok(w.viewer(), `query($callback: ObjectID!, $run: ObjectID!) {
			getCallback(id: $callback) { payload payloadPurgedAt attempts { nodes { responseBody } } }
			getRun(id: $run) { payloadPurgedAt outputCount batches { nodes { input customData results resultCount } } results { nodes totalCount } } }`,
			variables{"callback": globalID("Callback", c), "run": globalID("Run", r.ID)})
	}
	if a := ask(); a.text("getCallback.payload") == "" || a.at("getCallback.payloadPurgedAt") != nil ||
		a.at("getRun.payloadPurgedAt") != nil {
		t.Fatalf("before: %s", a.Body)
	}
	w.clock.Advance(2 * time.Hour)
	_, err := w.service.Callbacks.Upkeep.Purge(t.Context(), callback.Retention{Rows: 48 * time.Hour, Payloads: time.Hour})
	modelstest.NoError(t, err)
	a := ask()
	w.sameJSON(
		"the callback",
		`{"payload":"","payloadPurgedAt":"2020-07-09T18:25:35.000Z","attempts":{"nodes":[{"responseBody":""}]}}`,
		a.at("getCallback"),
	)
	w.sameJSON("the run", `{"payloadPurgedAt":"2020-07-09T18:25:35.000Z","outputCount":1,"results":{"nodes":[],"totalCount":1},
		"batches":{"nodes":[{"input":null,"customData":null,"results":null,"resultCount":1}]}}`, a.at("getRun"))
	w.do(w.editor(), `mutation($id: ObjectID!) { replayCallback(input: {callbackId: $id}) { callback { id } } }`,
		variables{"id": globalID("Callback", c)}).wantError(models.CodeConflict, "callbackId", "replayCallback")
}
