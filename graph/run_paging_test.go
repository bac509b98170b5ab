package graph_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

// paged is a list with its nodes as they must come.
type paged struct {
	owner, list, node string
	want              []string
}

// numbered are nodes of which the rawID is asked for, newest first.
func numbered(owner, list string, oldestFirst []int64) paged {
	p := paged{owner: owner, list: list, node: `{ rawID }`}
	for _, id := range slices.Backward(oldestFirst) {
		p.want = append(p.want, fmt.Sprintf(`{"rawID":"%d"}`, id))
	}
	return p
}

// each8 makes eight entities, some of them at the same moment.
func (w *world) each8(made func(i int) int64) (ids []int64) {
	for i := range 8 {
		if i%3 != 0 {
			w.clock.Advance(time.Millisecond)
		}
		ids = append(ids, made(i))
	}
	return ids
}

// listsOfAProject are the lists of projects, accounts and schedules.
func (w *world) listsOfAProject() map[string]paged {
	const scheduled = 4001
	createProject(w.tb, w.service, tenant.NewProject{AccountID: demoAccount, RawID: scheduled})
	actions := w.each8(func(i int) int64 { return w.action(fmt.Sprint("a", i)) })
	runs := w.each8(func(int) int64 { return createRun(w.tb, w.service, run.NewRun{ProjectID: bareProject}).ID })
	jobs := w.each8(func(int) int64 { return w.job(job.NewJobs{ProjectID: bareProject}).ID })
	each := createRun(
		w.tb, w.service, run.NewRun{ProjectID: scheduled, Schedule: &run.NewSchedule{Cron: ptr("* * * * *")}},
	)
	schedules := w.each8(func(int) int64 {
		return *createRun(
			w.tb, w.service, run.NewRun{ProjectID: scheduled, Schedule: &run.NewSchedule{Cron: ptr("0 6 * * *")}},
		).ScheduleID
	})
	firings := w.each8(func(int) int64 {
		w.clock.Advance(time.Minute)
		fired, err := w.service.Runs.Firings.Fire(w.tb.Context())
		modelstest.NoError(w.tb, err)
		w.same("fired", 1, fired)
		waiting, err := w.store.LockWaitingRuns(w.tb.Context(), *each.ScheduleID)
		modelstest.NoError(w.tb, err)
		return waiting[0].ID
	})
	return map[string]paged{
		"actions":   numbered(`getAccount(id: 123123)`, `actions`, append([]int64{searchAction}, actions...)),
		"runs":      numbered(`getProject(id: 123)`, `runs`, runs),
		"jobs":      numbered(`getProject(id: 123)`, `jobs`, jobs),
		"schedules": numbered(`getProject(id: 4001)`, `schedules`, append([]int64{*each.ScheduleID}, schedules...)),
		"runs of a schedule": numbered(
			fmt.Sprintf(`getSchedule(id: %d)`, *each.ScheduleID), `runs`, append([]int64{each.ID}, firings...),
		),
	}
}

// listsOfARun are the lists of one run, and of one job.
func (w *world) listsOfARun() map[string]paged {
	action, r := w.lookup(func(in *run.NewRun) { in.MaxResults = ptr(80) })
	execute(w.tb, w.service, action, executed(
		200, `{"results":[1.50,"a",null]}`,
	), executed(404, ``), executed(200, `{"results":[{"b":1,"a":2}]}`),
		executed(400, ``), executed(
			200, `{"results":[[],{},false,0,12345678901234567890]}`,
		), executed(200, `{"results":["last"]}`))
	owner := fmt.Sprintf(`getRun(id: %d)`, r.ID)
	lists := map[string]paged{
		"batches": {owner: owner, list: `batches`, node: `{ page }`},
		"callbacks": {
			owner: owner, list: `callbacks`, node: `{ event batch { page } }`,
			want: []string{`{"batch":null,"event":"RUN_FINISHED"}`},
		},
		"results": {owner: owner, list: `results`, want: []string{
			`1.5`, `"a"`, `null`, `{"a":2,"b":1}`, `[]`, `{}`, `false`, `0`, `12345678901234567000`, `"last"`, `"last"`,
			`"last"`,
		}},
	}
	batches, callbacks := lists["batches"], lists["callbacks"]
	for page := range 8 {
		batches.want = append(batches.want, fmt.Sprintf(`{"page":%d}`, page+1))
		callbacks.want = append(callbacks.want, fmt.Sprintf(`{"batch":{"page":%d},"event":"RUN_BATCH_FINISHED"}`, 8-page))
	}
	made := w.job(job.NewJobs{ProjectID: bareProject})
	changes := w.each8(func(i int) int64 {
		change := job.Change{JobID: made.ID, Action: job.Edited, Output: json.RawMessage(fmt.Sprint(i))}
		if i == 0 {
			change.Action, change.State = job.Resolved, ptr(job.Completed)
		}
		_, c, err := w.service.Jobs.UpdateJob(w.tb.Context(), models.PlatformActor(), change)
		modelstest.NoError(w.tb, err)
		return c.ID
	})
	lists["batches"], lists["callbacks"] = batches, callbacks
	lists["callbacks of a job"] = numbered(fmt.Sprintf(`getJob(id: %d)`, made.ID), `callbacks`, changes)
	return lists
}

func TestListsOfRunsAndJobsPage(t *testing.T) {
	t.Parallel()
	for _, lists := range []func(*world) map[string]paged{(*world).listsOfAProject, (*world).listsOfARun} {
		w := newWorld(t)
		who := w.viewer()
		for name, p := range lists(w) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for _, first := range []int{1, 3, len(p.want), 100} {
					got := w.in(t).walkList(who, listQuery(p.owner, p.list, p.node), first, len(p.want))
					w.in(t).same(fmt.Sprint("first ", first), p.want, got)
				}
			})
		}
	}
}

func TestEmptyListsOfRunsHaveNoCursors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, p := range []paged{
		{owner: `getProject(id: 123)`, list: `runs`, node: `{ id }`},
		{owner: `getProject(id: 123)`, list: `schedules`, node: `{ id }`},
		{owner: `getProject(id: 123)`, list: `jobs`, node: `{ id }`},
		{owner: `getAccount(id: 200200)`, list: `actions`, node: `{ id }`},
		{owner: `getRun(id: 1)`, list: `callbacks`, node: `{ id }`},
		{owner: `getRun(id: 1)`, list: `results`},
		{owner: `getRun(id: 2)`, list: `batches`, node: `{ uid }`},
		{owner: `getJob(id: 1)`, list: `callbacks`, node: `{ id }`},
	} {
		a := w.ok(platform(), listQuery(p.owner, p.list, p.node), nil)
		w.sameJSON(p.owner+" "+p.list, `{"nodes":[],"edges":[],"totalCount":0,
			"pageInfo":{"hasNextPage":false,"hasPreviousPage":false,"startCursor":null,"endCursor":null}}`, a.at("owner.list"))
	}
}

// A cursor is text from outside: one that names a place far behind the last result of a batch must not make the page
// read the whole run.
func TestAMadeUpCursorReadsNoMoreThanAPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	action, r := w.lookup(func(in *run.NewRun) { in.MaxResults, in.PageSize = ptr(50), ptr(1) })
	execute(t, w.service, action, executed(200, `{"results":[1]}`))
	batches, err := w.service.Runs.BatchPages(
		t.Context(), models.PlatformActor().Scope(models.RoleViewer), []int64{r.ID}, models.Page{First: 1},
	)
	modelstest.NoError(t, err)
	first := batches[r.ID].Nodes[0].ID
	query := listQuery(fmt.Sprintf(`getRun(id: %d)`, r.ID), `results`, ``)
	for name, cursor := range map[string]models.Cursor{
		"far behind": {ID: first*1_000_000 + 999_999}, "before all": {ID: -1}, "behind all": {ID: 1<<63 - 1},
		"least": {ID: -1 << 63},
	} {
		w.store.batchesRead.Store(0)
		w.ok(w.viewer(), query, variables{"first": 2, "after": cursor.String()})
		if read := w.store.batchesRead.Load(); read > 4 {
			t.Errorf("%s: %d batches were read for 2 results", name, read)
		}
	}
}

func TestRunFiltersNarrowAloneAndTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := map[string]string{}
	add := func(name, action string, change func(*run.NewRun)) *run.Run {
		w.clock.Advance(time.Minute)
		in := run.NewRun{ProjectID: bareProject, Action: action}
		if change != nil {
			change(&in)
		}
		r := createRun(t, w.service, in)
		names[r.UID.String()] = name
		return r
	}
	lookup, none := w.action("lookup"), w.action("none")
	add("done", "lookup", nil)
	execute(t, w.service, lookup, executed(200, `{"results":[1]}`))
	add("failed", "none", nil)
	execute(t, w.service, none, executed(404, ``))
	add("waiting", "search", nil)
	scheduled := add(
		"scheduled", "lookup", func(in *run.NewRun) { in.Schedule = &run.NewSchedule{Cron: ptr("0 6 * * *")} },
	)
	add("queued", "lookup", nil)
	at := func(minutes int) string { return models.FormatTime(start.Add(time.Duration(minutes) * time.Minute)) }
	all := []string{"done", "failed", "waiting", "scheduled", "queued"}
	for name, tc := range map[string]struct {
		filter variables
		want   []string // oldest first
	}{
		"nothing":         {variables{}, all},
		"null":            {nil, all},
		"nulls":           {variables{"status": nil, "action": nil, "createdAfter": nil, "createdBefore": nil}, all},
		"empty lists":     {variables{"status": []string{}, "action": []string{}}, all},
		"a status":        {variables{"status": []string{"QUEUED"}}, []string{"waiting", "queued"}},
		"one for a list":  {variables{"status": "FAILED"}, []string{"failed"}},
		"two statuses":    {variables{"status": []string{"SUCCEEDED", "SCHEDULED"}}, []string{"done", "scheduled"}},
		"an action":       {variables{"action": []string{"lookup"}}, []string{"done", "scheduled", "queued"}},
		"two actions":     {variables{"action": []string{"none", "search"}}, []string{"failed", "waiting"}},
		"no such action":  {variables{"action": []string{"Lookup", "lookup\x00"}}, nil},
		"after, included": {variables{"createdAfter": at(3)}, []string{"waiting", "scheduled", "queued"}},
		"before, without": {variables{"createdBefore": at(3)}, []string{"done", "failed"}},
		"together": {
			variables{"status": "QUEUED", "action": "lookup", "createdAfter": at(1), "createdBefore": at(9)}, []string{"queued"},
		},
		"a contradiction": {variables{"status": "FAILED", "action": "lookup"}, nil},
	} {
		a := w.ok(
			w.viewer(),
			`query($filter: RunFilter) { getProject(id: 123) { runs(filter: $filter) { totalCount nodes { uid } } } }`,
			variables{"filter": tc.filter},
		)
		var got []string
		for _, uid := range slices.Backward(a.uids("getProject.runs.nodes")) {
			got = append(got, names[uid])
		}
		w.same(name, tc.want, got)
		w.same(name+": totalCount", float64(len(tc.want)), a.at("getProject.runs.totalCount"))
	}
	const ofSchedule = `query($id: ObjectID!, $status: [RunStatus!]) { getSchedule(id: $id) { runs(filter: {status: $status}) { totalCount nodes { uid } } } }`
	for status, want := range map[string]float64{"SCHEDULED": 1, "QUEUED": 0} {
		a := w.ok(w.viewer(), ofSchedule, variables{"id": *scheduled.ScheduleID, "status": status})
		w.same("of a schedule", want, a.at("getSchedule.runs.totalCount"))
		w.same("of a schedule", int(want), len(a.list("getSchedule.runs.nodes")))
	}
	w.do(w.viewer(), `{ getProject(id: 123) { runs(filter: {createdAfter: "yesterday"}) { totalCount } } }`, nil).
		wantError(models.CodeBadUserInput, "filter.createdAfter", "getProject.runs.filter.createdAfter")
}
