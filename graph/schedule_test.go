package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

const scheduleFields = `cron at timezone overlap status nextRunAt lastRunAt createdAt project { rawID } runs { totalCount nodes { status mode batchCount } }`

func TestARunWithAScheduleWaitsForIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.editor()
	for name, tc := range map[string]struct {
		literal, text      string
		cron, at, timezone any
		next               string
	}{
		"a cron": {
			`schedule: {cron: "0 6 * * *"}`, `"schedule":{"cron":"0 6 * * *"}`,
			"0 6 * * *", nil, "UTC", "2020-07-10T06:00:00.000Z",
		},
		"a cron elsewhere": {
			`schedule: {cron: "0 6 * * *", at: null, timezone: "Europe/Berlin", overlap: SKIP}`,
			`"schedule":{"cron":"0 6 * * *","at":null,"timezone":"Europe/Berlin","overlap":"SKIP"}`,
			"0 6 * * *", nil, "Europe/Berlin", "2020-07-10T04:00:00.000Z",
		},
		"a time": {
			`schedule: {at: "2020-08-01T02:00:00.0005+02:00"}`, `"schedule":{"at":"2020-08-01T02:00:00.0005+02:00"}`,
			nil, "2020-08-01T00:00:00.000Z", "UTC", "2020-08-01T00:00:00.000Z",
		},
		"now": {
			`schedule: {at: "2020-07-09T16:25:35Z"}`, `"schedule":{"at":"2020-07-09T16:25:35Z"}`, nil, models.FormatTime(start),
			"UTC", models.FormatTime(start),
		},
		"neither": {`schedule: {}`, `"schedule":{}`, nil, models.FormatTime(start), "UTC", models.FormatTime(start)},
		"nothing": {`schedule: null`, `"schedule":null`, nil, models.FormatTime(start), "UTC", models.FormatTime(start)},
	} {
		for _, a := range w.createRunAs(who, `inputs: [{q: 1}], parameters: {maxResults: 20}, mode: SCHEDULE, `+tc.literal,
			`"inputs":[{"q":1}],"parameters":{"maxResults":20},"mode":"SCHEDULE",`+tc.text) {
			if len(a.Errors) > 0 {
				t.Fatalf("%s: %s", name, a.Body)
			}
			w.same(name, plain(variables{"cron": tc.cron, "at": tc.at, "timezone": tc.timezone}), a.at("createRun.run.schedule"))
			w.sameJSON(name, `{"status":"SCHEDULED","mode":"SCHEDULE","inputCount":1,"batchCount":0}`,
				map[string]any{
					"status": a.at("createRun.run.status"), "mode": a.at("createRun.run.mode"),
					"inputCount": a.at("createRun.run.inputCount"), "batchCount": a.at("createRun.run.batchCount"),
				})
			if a.at("createRun.status") != "scheduled" || !strings.Contains(a.text("createRun.message"), "schedule") {
				t.Errorf("%s: %s", name, a.Body)
			}
		}
		overlap := "ALLOW"
		if name == "a cron elsewhere" {
			overlap = "SKIP"
		}
		newest := w.ok(
			who, `{ getProject(id: 1123123) { schedules(first: 1) { nodes { `+scheduleFields+` } } } }`, nil,
		).at("getProject.schedules.nodes.0")
		w.same(name, plain(variables{
			"cron": tc.cron, "at": tc.at, "timezone": tc.timezone, "overlap": overlap, "status": "ACTIVE", "nextRunAt": tc.next,
			"lastRunAt": nil,
			"createdAt": models.FormatTime(start), "project": variables{"rawID": fmt.Sprint(demoProject)},
			"runs": variables{
				"totalCount": 1.0, "nodes": []any{map[string]any{"status": "SCHEDULED", "mode": "SCHEDULE", "batchCount": 0.0}},
			},
		}), newest)
	}
	if woke := w.queue.Take(); len(woke) > 0 {
		t.Errorf("woken: %v", woke)
	}
}

// statuses are those of a schedule and of its runs, newest first.
func (w *world) statuses(scheduleID int64) string {
	w.tb.Helper()
	a := w.ok(
		w.viewer(), `query($id: ObjectID!) { getSchedule(id: $id) { status nextRunAt lastRunAt runs { nodes { status } } } }`,
		variables{"id": scheduleID},
	)
	line := fmt.Sprintf(
		"%v next %v last %v:", a.at("getSchedule.status"), a.at("getSchedule.nextRunAt"), a.at("getSchedule.lastRunAt"),
	)
	for i := range a.list("getSchedule.runs.nodes") {
		line += " " + a.text(fmt.Sprintf("getSchedule.runs.nodes.%d.status", i))
	}
	return strings.NewReplacer("2020-07-", "", ":00.000Z", "Z", "<nil>", "-").Replace(line)
}

func TestAFiringIsARunOfItsSchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	action, r := w.lookup(func(in *run.NewRun) {
		in.Schedule, in.MaxResults = &run.NewSchedule{Cron: ptr("0 * * * *")}, ptr(20)
		in.Inputs = []run.NewInput{{Input: []byte(`{"q":1.50}`), CustomData: []byte(`{"b":1,"a":2.0}`)}}
	})
	id := *r.ScheduleID
	w.same("before", "ACTIVE next 09T17:00Z last -: SCHEDULED", w.statuses(id))
	w.clock.Advance(35 * time.Minute)
	fired, err := w.service.Runs.Firings.Fire(t.Context())
	modelstest.NoError(t, err)
	w.same("fired", 1, fired)
	w.same("fired", "ACTIVE next 09T18:00Z last 09T17:00:35.000Z: SCHEDULED QUEUED", w.statuses(id))
	execute(t, w.service, action, executed(200, `{"results":[1]}`))
	w.same("executed", "ACTIVE next 09T18:00Z last 09T17:00:35.000Z: SCHEDULED SUCCEEDED", w.statuses(id))

	w.clock.Advance(5 * time.Hour) // while all workers are down
	fired, err = w.service.Runs.Firings.Fire(t.Context())
	modelstest.NoError(t, err)
	w.same("fired", 1, fired)
	execute(t, w.service, action, executed(200, `{"results":[1]}`))
	w.same("the second", "ACTIVE next 09T23:00Z last 09T22:00:35.000Z: SCHEDULED SUCCEEDED SUCCEEDED", w.statuses(id))
	a := w.ok(w.viewer(), `query($id: ObjectID!) { getSchedule(id: $id) { runs(filter: {status: SUCCEEDED}) { nodes { mode schedule { rawID }
		batches { nodes { input customData } } callbacks { nodes { payload } } } } } }`, variables{"id": id})
	for i := range 2 {
		firing := fmt.Sprintf("getSchedule.runs.nodes.%d", i)
		w.sameJSON(firing, fmt.Sprintf(`{"mode":"SCHEDULE","schedule":{"rawID":"%d"},"batches":{"nodes":[{"input":{"q":1.5},"customData":{"b":1,"a":2}},
			{"input":{"q":1.5},"customData":{"b":1,"a":2}}]}}`, id), without(a.at(firing), "callbacks"))
		if got := a.text(firing + ".callbacks.nodes.2.payload"); !strings.Contains(
			got, `"input":{"q":1.50},"custom_data":{"b":1,"a":2.0},`,
		) {
			t.Errorf("the payload is %s", got)
		}
	}
}

func TestAScheduleOnceIsCompletedByItsFiring(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, r := w.lookup(func(in *run.NewRun) { in.Schedule = &run.NewSchedule{At: ptr(start.Add(time.Hour))} })
	w.clock.Advance(time.Hour)
	_, err := w.service.Runs.Firings.Fire(t.Context())
	modelstest.NoError(t, err)
	w.same("fired", "COMPLETED next - last 09T17:25:35.000Z: QUEUED", w.statuses(*r.ScheduleID))
	who := w.editor()
	for _, name := range []string{"pauseSchedule", "resumeSchedule", "cancelSchedule"} {
		w.unchanged(func() { w.change(who, name, *r.ScheduleID).wantError(models.CodeConflict, "scheduleId", name) })
	}
}

// change carries out a mutation that only names a schedule.
func (w *world) change(who caller, name string, id int64) *answer {
	w.tb.Helper()
	return w.do(
		who, `mutation($id: ObjectID!) { `+name+`(input: {scheduleId: $id}) { schedule { status nextRunAt } } }`,
		variables{"id": id},
	)
}

func TestASchedulePausesResumesAndIsCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, r := w.lookup(func(in *run.NewRun) { in.Schedule = &run.NewSchedule{Cron: ptr("0 * * * *")} })
	id, who := *r.ScheduleID, w.editor()
	conflicts := func(names ...string) {
		t.Helper()
		for _, name := range names {
			w.unchanged(func() { w.change(who, name, id).wantError(models.CodeConflict, "scheduleId", name) })
		}
	}
	step := func(name, answer, statuses string) {
		t.Helper()
		w.sameJSON(name, answer, w.change(who, name, id).at(name+".schedule"))
		w.same(name, statuses, w.statuses(id))
	}
	conflicts("resumeSchedule")
	step("pauseSchedule", `{"status":"PAUSED","nextRunAt":null}`, "PAUSED next - last -: CREATED")
	conflicts("pauseSchedule")
	w.clock.Advance(2 * time.Hour)
	fired, err := w.service.Runs.Firings.Fire(t.Context())
	modelstest.NoError(t, err)
	w.same("fired", 0, fired)
	step(
		"resumeSchedule", `{"status":"ACTIVE","nextRunAt":"2020-07-09T19:00:00.000Z"}`,
		"ACTIVE next 09T19:00Z last -: SCHEDULED",
	)
	conflicts("resumeSchedule")
	step("cancelSchedule", `{"status":"CANCELLED","nextRunAt":null}`, "CANCELLED next - last -: STOPPED")
	conflicts("pauseSchedule", "resumeSchedule", "cancelSchedule")
	w.same("paused, then cancelled", 0, len(w.change(who, "cancelSchedule", pausedSchedule).Errors))
}

func TestAPausedTimeThatHasPassedFiresAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, r := w.lookup(func(in *run.NewRun) { in.Schedule = &run.NewSchedule{At: ptr(start.Add(time.Hour))} })
	who := w.editor()
	w.change(who, "pauseSchedule", *r.ScheduleID)
	w.clock.Advance(2 * time.Hour)
	w.sameJSON(
		"resumed", `{"status":"ACTIVE","nextRunAt":"2020-07-09T17:25:35.000Z"}`,
		w.change(who, "resumeSchedule", *r.ScheduleID).at("resumeSchedule.schedule"),
	)
	fired, err := w.service.Runs.Firings.Fire(t.Context())
	modelstest.NoError(t, err)
	w.same("fired", 1, fired)
}

func TestOtherPeoplesSchedulesStayUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, who := range map[string]caller{"another account": w.other(), "another project's key": w.key(bareProject)} {
		w.unchanged(func() {
			for _, change := range []string{"pauseSchedule", "resumeSchedule", "cancelSchedule"} {
				w.change(who, change, activeSchedule).wantError(models.CodeNotFound, "", change)
			}
			w.do(who, `{ getSchedule(id: 1) { id } }`, nil).wantError(models.CodeNotFound, "", "getSchedule")
		})
		a := w.do(who, `{ getSchedule(id: "`+globalID("Schedule", 99)+`") { id } }`, nil)
		if a.code() != string(models.CodeNotFound) {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
	w.do(
		w.viewer(), `{ getSchedule(id: "`+globalID("Run", 1)+`") { id } }`, nil,
	).wantError(models.CodeBadUserInput, "id", "getSchedule")
}

func TestADeletedProjectsScheduleEndsAtItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, r := w.lookup(func(in *run.NewRun) { in.Schedule = &run.NewSchedule{Cron: ptr("0 * * * *")} })
	w.ok(w.admin(), `mutation { deleteProject(input: {projectId: 123}) { project { id } } }`, nil)
	w.clock.Advance(time.Hour)
	_, err := w.service.Runs.Firings.Fire(t.Context())
	modelstest.NoError(t, err)
	w.same("fired", "CANCELLED next - last -: INVALID", w.statuses(*r.ScheduleID))
	a := w.ok(w.viewer(), `query($id: ObjectID!) { getSchedule(id: $id) { project { id } runs { nodes { project { id } batchCount error { message label scope statusCode params } } } } }`,
		variables{"id": *r.ScheduleID})
	w.sameJSON("the schedule", `{"project":null,"runs":{"nodes":[{"project":null,"batchCount":0,"error":{"message":"The project was deleted",
		"label":"GENERIC_ERROR","scope":"RINGBACK","statusCode":424,"params":{}}}]}}`, a.at("getSchedule"))
}
