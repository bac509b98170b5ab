package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
)

const jobFields = `state input output metadata tags callbackUrl correct lastAction createdAt updatedAt completedAt
	createdByUser { rawID } project { rawID } account { rawID }`

// createJobsAs makes jobs of the demo project in two ways, which must come to the same: with the fields as a literal
// and as JSON.
func (w *world) createJobsAs(who caller, literal, text string) [2]*answer {
	w.tb.Helper()
	const query = `mutation%s { createJobs(input: %s) { jobs { ` + jobFields + ` } } }`
	literal = fmt.Sprintf(query, "", `{projectId: 1123123, `+literal+`}`)
	variable := fmt.Sprintf(query, `($input: CreateJobsInput!)`, `$input`)
	return [2]*answer{
		w.do(who, literal, nil),
		w.post(who, `{"query":`+quote(variable)+`,"variables":{"input":{"projectId":1123123,`+text+`}}}`),
	}
}

func TestJobsAreMadeInAllForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.editor()
	for name, tc := range map[string]struct {
		literal, text string
		inputs        []any
		want          variables // what differs from the plainest jobs
	}{
		"the least":      {`inputs: [{image: 1}]`, `"inputs":[{"image":1}]`, []any{variables{"image": 1.0}}, nil},
		"one for a list": {`inputs: "x"`, `"inputs":"x"`, []any{"x"}, nil},
		"any values": {
			`inputs: [0, "", false, [], {}]`, `"inputs":[0,"",false,[],{}]`, []any{0.0, "", false, []any{}, variables{}}, nil,
		},
		"nulls": {
			`inputs: [1], callbackUrl: null, metadata: null, tags: null`,
			`"inputs":[1],"callbackUrl":null,"metadata":null,"tags":null`,
			[]any{1.0},
			nil,
		},
		"a callback URL": {
			`inputs: [1], callbackUrl: "http://jobs.example.com/done/"`,
			`"inputs":[1],"callbackUrl":"http://jobs.example.com/done/"`,
			[]any{1.0},
			variables{"callbackUrl": "http://jobs.example.com/done/"},
		},
		"all": {
			`inputs: [1, 2], callbackUrl: "https://a.example.com/", metadata: {b: 1, a: "x"}, tags: ["one", "two"]`,
			`"inputs":[1,2],"callbackUrl":"https://a.example.com/","metadata":{"b":1,"a":"x"},"tags":["one","two"]`,
			[]any{1.0, 2.0},
			variables{
				"callbackUrl": "https://a.example.com/", "metadata": variables{"b": 1.0, "a": "x"}, "tags": []any{"one", "two"},
			},
		},
		"one tag": {`inputs: [1], tags: "one"`, `"inputs":[1],"tags":"one"`, []any{1.0}, variables{"tags": []any{"one"}}},
	} {
		var want []any
		for _, input := range tc.inputs {
			job := variables{
				"state": "SCHEDULED", "input": input, "output": nil, "metadata": nil, "tags": []any{}, "callbackUrl": nil,
				"correct": nil, "lastAction": nil,
				"createdAt": models.FormatTime(start), "updatedAt": models.FormatTime(start), "completedAt": nil,
				"createdByUser": variables{"rawID": fmt.Sprint(editorUser)}, "project": variables{"rawID": fmt.Sprint(demoProject)},
				"account": variables{"rawID": fmt.Sprint(demoAccount)},
			}
			for field, value := range tc.want {
				job[field] = value
			}
			want = append(want, plain(job))
		}
		for _, a := range w.createJobsAs(who, tc.literal, tc.text) {
			if len(a.Errors) > 0 {
				t.Fatalf("%s: %s", name, a.Body)
			}
			w.same(name, want, a.list("createJobs.jobs"))
		}
		newest := w.ok(w.viewer(), `{ getProject(id: 1123123) { jobs(first: 1) { nodes { `+jobFields+` } } } }`, nil)
		w.same(name+", kept", want[len(want)-1], newest.at("getProject.jobs.nodes.0"))
	}
	a := w.ok(
		w.key(demoProject),
		`mutation { createJobs(input: {projectId: 1123123, inputs: [1]}) { jobs { createdByUser { id } } } }`, nil,
	)
	w.same("made by a key", nil, a.at("createJobs.jobs.0.createdByUser"))
}

func TestWhatJobsCannotBeNamesItsField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who, viewer := w.editor(), w.viewer()
	with := func(field, value string) [2]string {
		return [2]string{`inputs: [1], ` + field + `: ` + value, `"inputs":[1],"` + field + `":` + value}
	}
	many := `[` + strings.Repeat(`"a" `, job.MaxTags+1) + `]`
	cases := map[string]struct {
		input [2]string
		field string
	}{
		"no inputs":       {[2]string{`inputs: []`, `"inputs":[]`}, "inputs"},
		"no slash":        {with("callbackUrl", `"https://a.example.com/done"`), "callbackUrl"},
		"a slash before":  {with("callbackUrl", `"https://a.example.com/done/?a=b"`), "callbackUrl"},
		"no absolute URL": {with("callbackUrl", `"/done/"`), "callbackUrl"},
		"an empty URL":    {with("callbackUrl", `""`), "callbackUrl"},
		"another scheme":  {with("callbackUrl", `"ftp://a.example.com/"`), "callbackUrl"},
		"metadata":        {with("metadata", `[1]`), "metadata"},
		"an empty tag":    {with("tags", `["a", ""]`), "tags"},
		"a long tag":      {with("tags", quote(strings.Repeat("a", 256))), "tags"},
		"many tags": {
			[2]string{
				`inputs: [1], tags: ` + many,
				`"inputs":[1],"tags":` + strings.ReplaceAll(strings.Replace(many, `" ]`, `"]`, 1), `" "`, `","`),
			},
			"tags",
		},
	}
	w.unchanged(func() {
		for name, tc := range cases {
			for _, a := range w.createJobsAs(who, tc.input[0], tc.input[1]) {
				a.wantError(models.CodeBadUserInput, tc.field, "createJobs")
				if t.Failed() {
					t.Fatalf("%s: %s", name, a.Body)
				}
				if slash := strings.Contains(
					a.Errors[0].Message, "must end with a slash",
				); slash != strings.Contains(name, "slash") {
					t.Errorf("%s: %s", name, a.Errors[0].Message)
				}
			}
		}
		const query = `mutation($inputs: [JSON!]!) { createJobs(input: {projectId: 123, inputs: $inputs}) { jobs { id } } }`
		w.do(
			who, query, variables{"inputs": slices.Repeat([]any{1}, job.MaxJobs+1)},
		).wantError(models.CodeBadUserInput, "inputs", "createJobs")
		if a := w.do(who, query, variables{"inputs": []any{nil}}); a.code() != "GRAPHQL_VALIDATION_FAILED" {
			t.Errorf("null for an input: %s", a.Body)
		}
		w.do(viewer, query, variables{"inputs": []any{1}}).wantError(models.CodeForbidden, "", "createJobs")
	})
	made := w.ok(who, `mutation($inputs: [JSON!]!) { createJobs(input: {projectId: 123, inputs: $inputs}) { jobs { input } } }`,
		variables{"inputs": slices.Repeat([]any{1}, job.MaxJobs)})
	w.same("made", job.MaxJobs, len(made.list("createJobs.jobs")))
}

func TestAJobsJSONComesBackAsItWasGiven(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.post(w.editor(), `{"query":`+quote(
		`mutation($in: [JSON!]!, $m: JSON) { createJobs(input: {projectId: 123, inputs: $in, metadata: $m}) { jobs { rawID input metadata } } }`,
	)+
		`,"variables":{"in":[`+exactTwice+`],"m":`+exactTwice+`}}`)
	output := w.post(platform(), `{"query":`+quote(
		`mutation($id: ObjectID!, $o: JSON) { updateJob(input: {jobId: $id, action: RESOLVED, state: COMPLETED, output: $o}) { job { output } } }`,
	)+
		`,"variables":{"id":`+a.text("createJobs.jobs.0.rawID")+`,"o":`+exactTwice+`}}`)
	kept := w.ok(
		w.viewer(), `query($id: ObjectID!) { getJob(id: $id) { input metadata output } }`,
		variables{"id": a.at("createJobs.jobs.0.rawID")},
	)
	for body, times := range map[string]int{a.Body: 2, output.Body: 1, kept.Body: 3} {
		if got := strings.Count(body, `:`+exactTwice); got != times {
			t.Errorf("%d times, not %d: %s", got, times, body)
		}
	}
}

func TestGetJobTakesAnIDOrAUUID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.viewer()
	byID := w.ok(who, `{ getJob(id: 1) { id uuid state } }`, nil)
	uuid := byID.text("getJob.uuid")
	w.same("the job", byID.Data, w.ok(who, `{ getJob(uuid: "`+uuid+`") { id uuid state } }`, nil).Data)
	w.do(who, `{ getJob { id } }`, nil).wantError(models.CodeBadUserInput, "id", "getJob")
	w.do(who, `{ getJob(id: 1, uuid: "`+uuid+`") { id } }`, nil).wantError(models.CodeBadUserInput, "id", "getJob")
	w.do(who, `{ getJob(uuid: "1") { id } }`, nil).wantError(models.CodeBadUserInput, "uuid", "getJob")
	w.do(
		who, `{ getJob(uuid: "01890a5d-ac96-774b-bcce-b302099a8057") { id } }`, nil,
	).wantError(models.CodeNotFound, "", "getJob")
	w.do(w.other(), `{ getJob(uuid: "`+uuid+`") { id } }`, nil).wantError(models.CodeNotFound, "", "getJob")
	w.do(w.key(bareProject), `{ getJob(uuid: "`+uuid+`") { id } }`, nil).wantError(models.CodeNotFound, "", "getJob")
}

const updateJobQuery = `mutation($input: UpdateJobInput!) { updateJob(input: $input) {
	job { state lastAction correct output updatedAt completedAt } callback { id event targetUrl payload job { rawID } run { id } } } }`

func TestEachChangeOfAJobMakesOneCallbackInItsTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.job(job.NewJobs{ProjectID: bareProject, CallbackURL: ptr("https://jobs.example.com/")})
	var ids []any
	step := func(change variables, state string, correct, output any, again bool) {
		t.Helper()
		w.clock.Advance(time.Minute)
		change["jobId"] = made.ID
		a := w.ok(platform(), updateJobQuery, variables{"input": change})
		w.sameJSON("the callback", fmt.Sprintf(
			`{"event":"JOB_UPDATED","targetUrl":"https://jobs.example.com/","job":{"rawID":"%d"},"run":null}`, made.ID,
		),
			without(a.at("updateJob.callback"), "id", "payload"))
		w.same("the payload", fmt.Sprintf(
			`{"id":"%d","uuid":"%s","state":"%s","action":"%s"}`, made.ID, made.UUID, state, change["action"],
		),
			a.text("updateJob.callback.payload"))
		w.same("the job", plain(
			variables{"state": state, "lastAction": change["action"], "correct": correct, "output": output},
		),
			without(a.at("updateJob.job"), "updatedAt", "completedAt"))
		id := a.at("updateJob.callback.id")
		if seen := slices.Contains(ids, id); seen != again {
			t.Errorf("%v: the same callback %v", change, seen)
		}
		ids = append(ids, id)
		w.same("completed", state != "SUSPENDED", a.at("updateJob.job.completedAt") != nil)
	}
	step(variables{"action": "RESOLVED", "state": "SUSPENDED"}, "SUSPENDED", nil, nil, false)
	step(
		variables{"action": "RESOLVED", "state": "COMPLETED", "output": variables{"label": "cat"}}, "COMPLETED", nil,
		plain(variables{"label": "cat"}), false,
	)
	step(
		variables{"action": "RESOLVED", "state": "COMPLETED", "output": variables{"label": "cat"}}, "COMPLETED", nil,
		plain(variables{"label": "cat"}), true,
	)
	step(variables{"action": "RESOLVED", "state": "COMPLETED"}, "COMPLETED", nil, plain(variables{"label": "cat"}), true)
	step(variables{"action": "EDITED", "output": "dog"}, "COMPLETED", nil, "dog", false)
	step(variables{"action": "EDITED", "output": "dog", "state": nil}, "COMPLETED", nil, "dog", false)
	step(variables{"action": "ACCEPTED", "output": nil}, "COMPLETED", true, "dog", false)
	step(variables{"action": "ACCEPTED", "state": "COMPLETED"}, "COMPLETED", true, "dog", true)
	step(variables{"action": "DECLINED"}, "COMPLETED", false, "dog", false)
	const waiting = `query($id: ObjectID!) { getJob(id: $id) { callbacks { nodes { status nextAttemptAt } } } }`
	a := w.ok(w.viewer(), waiting, variables{"id": made.ID})
	for i := range 6 { // newest first: all but the oldest wait for the one before
		w.same("due", i == 5, a.at(fmt.Sprintf("getJob.callbacks.nodes.%d.nextAttemptAt", i)) != nil)
	}
	first, err := models.ParseObjectID(ids[0].(string))
	modelstest.NoError(t, err)
	deliver(t, w.service, first.Raw, 204)
	a = w.ok(w.viewer(), waiting, variables{"id": made.ID})
	w.same("the next", true, a.at("getJob.callbacks.nodes.4.nextAttemptAt") != nil)
	w.same("the one after", nil, a.at("getJob.callbacks.nodes.3.nextAttemptAt"))
}

func TestWhatAJobCannotBecomeNamesItsField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := map[job.State]int64{}
	for _, state := range []job.State{job.Scheduled, job.Failed, job.Suspended, job.Canceled, job.Expired, job.Completed} {
		j := w.job(job.NewJobs{ProjectID: bareProject})
		if made[state] = j.ID; state != job.Scheduled {
			_, _, err := w.service.Jobs.UpdateJob(
				t.Context(), models.PlatformActor(), job.Change{JobID: j.ID, Action: job.Resolved, State: &state},
			)
			modelstest.NoError(t, err)
		}
	}
	cases := []struct {
		state  job.State
		change variables
		code   models.Code
		field  string
	}{
		{job.Scheduled, variables{"action": "RESOLVED"}, models.CodeBadUserInput, "state"},
		{job.Scheduled, variables{"action": "RESOLVED", "state": "IN_PROGRESS"}, models.CodeBadUserInput, "state"},
		{job.Scheduled, variables{"action": "RESOLVED", "state": "SCHEDULED"}, models.CodeBadUserInput, "state"},
		{job.Completed, variables{"action": "EDITED"}, models.CodeBadUserInput, "output"},
		{job.Completed, variables{"action": "EDITED", "output": nil}, models.CodeBadUserInput, "output"},
		{job.Scheduled, variables{"action": "EDITED", "output": 1}, models.CodeConflict, "action"},
		{job.Scheduled, variables{"action": "ACCEPTED"}, models.CodeConflict, "action"},
		{job.Suspended, variables{"action": "DECLINED"}, models.CodeConflict, "action"},
		{job.Failed, variables{"action": "ACCEPTED"}, models.CodeConflict, "action"},
		{job.Completed, variables{"action": "ACCEPTED", "state": "FAILED"}, models.CodeConflict, "state"},
		{job.Suspended, variables{"action": "RESOLVED", "state": "SUSPENDED", "output": 1}, models.CodeConflict, "state"},
		{job.Failed, variables{"action": "RESOLVED", "state": "COMPLETED"}, models.CodeConflict, "state"},
		{job.Canceled, variables{"action": "RESOLVED", "state": "SUSPENDED"}, models.CodeConflict, "state"},
		{job.Expired, variables{"action": "RESOLVED", "state": "CANCELED"}, models.CodeConflict, "state"},
		{job.Completed, variables{"action": "RESOLVED", "state": "COMPLETED", "output": 1}, models.CodeConflict, "state"},
	}
	w.unchanged(func() {
		for _, tc := range cases {
			tc.change["jobId"] = made[tc.state]
			w.do(platform(), updateJobQuery, variables{"input": tc.change}).wantError(tc.code, tc.field, "updateJob")
		}
		w.do(
			platform(), updateJobQuery, variables{"input": variables{"jobId": 9999, "action": "ACCEPTED"}},
		).wantError(models.CodeNotFound, "", "updateJob")
	})
}

func TestAJobWithoutAURLTellsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for project, want := range map[int64]any{demoProject: projectURL, bareProject: accountURL, otherProject: nil} {
		j := w.job(job.NewJobs{ProjectID: project})
		a := w.ok(
			platform(), updateJobQuery, variables{"input": variables{"jobId": j.ID, "action": "RESOLVED", "state": "FAILED"}},
		)
		if want == nil {
			w.same("the callback", nil, a.at("updateJob.callback"))
		} else {
			w.same("the target", want, a.at("updateJob.callback.targetUrl"))
		}
		w.same("the state", any("FAILED"), a.at("updateJob.job.state"))
	}
}

func TestJobFiltersNarrowAloneAndTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := map[string]string{}
	all := []string{"SCHEDULED", "SUSPENDED", "FAILED", "COMPLETED", "EXPIRED"}
	for _, name := range all {
		w.clock.Advance(time.Minute)
		j := w.job(job.NewJobs{ProjectID: bareProject})
		if names[j.UUID.String()] = name; name != "SCHEDULED" {
			w.ok(platform(), updateJobQuery, variables{"input": variables{"jobId": j.ID, "action": "RESOLVED", "state": name}})
		}
	}
	at := func(minutes int) string { return models.FormatTime(start.Add(time.Duration(minutes) * time.Minute)) }
	for name, tc := range map[string]struct {
		filter variables
		want   []string // oldest first
	}{
		"nothing":         {variables{}, all},
		"nulls":           {variables{"state": nil, "createdAfter": nil, "createdBefore": nil}, all},
		"an empty list":   {variables{"state": []string{}}, all},
		"a state":         {variables{"state": "FAILED"}, []string{"FAILED"}},
		"two states":      {variables{"state": []string{"EXPIRED", "SCHEDULED"}}, []string{"SCHEDULED", "EXPIRED"}},
		"no such state":   {variables{"state": "CANCELED"}, nil},
		"after, included": {variables{"createdAfter": at(3)}, all[2:]},
		"before, without": {variables{"createdBefore": at(3)}, all[:2]},
		"together": {
			variables{"state": []string{"FAILED", "EXPIRED"}, "createdAfter": at(1), "createdBefore": at(5)}, []string{"FAILED"},
		},
	} {
		a := w.ok(
			w.viewer(),
			`query($filter: JobFilter) { getProject(id: 123) { jobs(filter: $filter) { totalCount nodes { uid: uuid } } } }`,
			variables{"filter": tc.filter},
		)
		var got []string
		for _, uid := range slices.Backward(a.uids("getProject.jobs.nodes")) {
			got = append(got, names[uid])
		}
		w.same(name, tc.want, got)
		w.same(name+": totalCount", float64(len(tc.want)), a.at("getProject.jobs.totalCount"))
	}
}
