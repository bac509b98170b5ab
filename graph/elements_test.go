package graph_test

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
)

// A body of 1 MiB took up to 240 MiB, also where its caller might not do what it asks for.
func TestListsOfTooManyElementsCostLittle(t *testing.T) { // no t.Parallel: it counts what is allocated
	w := newWorld(t)
	who := w.session(viewerUser)
	for name, asked := range map[string]struct{ query, element string }{
		"jobs":   {`mutation($c: [UpdateJobInput!]!) { updateJobs(input: {jobs: $c}) { results { errors { code } } } }`, `{"jobId":1,"action":"ACCEPTED"}`},
		"within": {`mutation($c: FinishCrawlsInput!) { finishCrawls(input: $c) { results { errors { code } } } }`, `{"crawlId":1}`},
		"JSON":   {`mutation($c: [JSON!]!) { createJobs(input: {projectId: 1123123, inputs: $c}) { jobs { id } } }`, `1`},
		"ids":    {`query($c: [ObjectID!]!) { nodes(ids: $c) { id } }`, `1`},
	} {
		list := "[" + strings.Repeat(asked.element+",", 1000<<10/(len(asked.element)+1)) + asked.element + "]"
		if name == "within" {
			list = `{"crawls":` + list + "}"
		}
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query":"`+asked.query+`","variables":{"c":`+list+`}}`))
		r.Header.Set("Content-Type", plainJSON)
		who.sign(r)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		a := w.send(r)
		runtime.ReadMemStats(&after)
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 80 {
			t.Errorf("%s: takes %d MiB", name, took)
		}
		a.wantError(models.CodeBadUserInput, "c", "")
	}
	few := strings.Repeat("1,", 100<<10) + "1"
	w.ok(platform(), `mutation($c: [JSON!]!) { createJobs(input: {projectId: 1123123, inputs: $c}) { jobs { id } } }`,
		variables{"c": []any{strings.Split(few, ",")}}) // what is within JSON is one value
}
