package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models/modelstest"
)

func TestRunOfTenPagesSendsTenCallbacksAndOneLast(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{})
	h.on("/executor", together(10, pages(100))) // nobody is answered until all ten are there: in parallel
	project := s.newProject(t, h.url("/elsewhere"), header{"X-Project", "yes"})
	action := s.newAction(t, h.url("/executor"))
	const given, wantInput, wantCustom = `{"z": 1.50, "customData": {"b": 1e2, "a": [12345678901234567890]}, "a": "x"}`,
		`{"z":1.50,"a":"x"}`, `{"b":1e2,"a":[12345678901234567890]}`
	made := s.createRun(t, project, action, anyMap{
		"inputs": []any{json.RawMessage(given)}, "parameters": anyMap{"maxResults": 100, "pageSize": 10},
		"callback": anyMap{"url": h.url("/hook"), "headers": []header{{"Authorization", "Bearer your-token"}}},
	})
	if made.Status != "processing" || made.Run.Status != "QUEUED" || made.Message == "" {
		t.Errorf("createRun answers %+v", made)
	}
	ended := s.awaitRun(t, made.Run.UID, "SUCCEEDED")
	if ended.BatchCount != 10 || ended.OutputCount != 100 || len(ended.Results.Nodes) != 100 || ended.Error != nil ||
		ended.Schedule != nil {
		t.Errorf("the run is %+v", ended)
	}

	asked := map[int]call{}
	for _, c := range h.calls(t, "/executor") {
		if c.RunUID != ended.UID || c.Action != action || string(c.Input) != wantInput || *c.Parameters.MaxResults != 100 ||
			c.PageSize != 10 {
			t.Errorf("the executor was asked %+v", c)
		}
		asked[c.Page] = c
	}
	history := map[string]apiCallback{}
	for _, c := range ended.Callbacks.Nodes {
		history[c.Ref] = c
	}
	secret := s.signingSecret(t, project)
	var told []string
	for range 11 {
		body, got := h.nextRunBody(t, "/hook")
		checkWire(t, got, body.CallbackRefUID, secret, "application/json")
		if c := history[body.CallbackRefUID]; c.Payload != got.body ||
			c.Attempts.Nodes[0].UID != got.header.Get("X-Run-Callback") || c.Status != "SUCCESS" {
			t.Errorf("the history tells of another request than %s: %+v", got.body, c)
		}
		if body.Run.RunUID != ended.UID || string(body.Input) != wantInput || string(body.CustomData) != wantCustom ||
			body.Error != nil {
			t.Errorf("the callback is %s", got.body)
		}
		told = append(told, fmt.Sprintf("%s %s", body.Run.Status, rangeOf(t, body, asked)))
	}
	slices.Sort(told)
	want := []string{
		"RUNNING 1-10", "RUNNING 11-20", "RUNNING 21-30", "RUNNING 31-40", "RUNNING 41-50", "RUNNING 51-60", "RUNNING 61-70",
		"RUNNING 71-80", "RUNNING 81-90", "RUNNING 91-100", "SUCCEEDED -",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("callbacks (-want +got):\n%s", diff)
	}
	if last := ended.Callbacks.Nodes[0]; last.Event != "RUN_FINISHED" || len(history) != 11 {
		t.Errorf("of %d callbacks the last that was created is %+v", len(history), last)
	}
	h.nothingAt(t, "/hook")
	h.nothingAt(t, "/elsewhere")
}

// rangeOf says which results a callback has; they must be those of its batch's page.
func rangeOf(t *testing.T, body runBody, asked map[int]call) string {
	t.Helper()
	if body.Run.BatchUID == nil {
		return "-"
	}
	var numbers []int
	for _, text := range body.Results {
		var result struct{ Number int }
		if err := json.Unmarshal(text, &result); err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, result.Number)
	}
	first, last := slices.Min(numbers), slices.Max(numbers)
	if c := asked[(last+9)/10]; c.BatchUID != *body.Run.BatchUID || len(numbers) != 10 {
		t.Errorf(
			"the callback of batch %s has %d results up to %d; the executor was asked for them as %+v", *body.Run.BatchUID,
			len(numbers), last, c,
		)
	}
	return fmt.Sprintf("%d-%d", first, last)
}

func TestRunWithoutMaxResultsGoesOnAsLongAsThereIsMore(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{})
	h.on("/executor", pages(25))
	made := s.createRun(t, s.newProject(t, h.url("/hook")), s.newAction(t, h.url("/executor")), anyMap{"callback": anyMap{
		"url": h.url("/final"), "on": "FINAL",
	}})
	ended := s.awaitRun(t, made.Run.UID, "SUCCEEDED")
	if ended.OutputCount != 25 || ended.BatchCount != 3 {
		t.Errorf("the run is %+v", ended)
	}
	for page := 1; page <= 3; page++ { // one after the other
		if c := h.nextCall(t, "/executor"); c.Page != page || c.Parameters.MaxResults != nil {
			t.Errorf("call %d is %+v", page, c)
		}
	}
	if body, _ := h.nextRunBody(t, "/final"); body.Run.Status != "SUCCEEDED" || body.Run.BatchUID != nil ||
		body.Results != nil {
		t.Errorf("the final callback is %+v", body)
	}
	for _, path := range []string{"/executor", "/final", "/hook"} {
		h.nothingAt(t, path)
	}
}

func TestRunWithoutURLCallsBackToTheProjectThenTheAccount(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{})
	h.on("/executor", pages(1))
	s.setAccount(t, h.url("/account"), header{"Authorization", "account"})
	action := s.newAction(t, h.url("/executor"))
	for path, project := range map[string]string{
		"/project": s.newProject(t, h.url("/project"), header{"Authorization", "project"}),
		"/account": s.newProject(t, ""),
	} {
		made := s.createRun(t, project, action, nil)
		for range 2 { // the batch, and the run
			body, got := h.nextRunBody(t, path)
			if "/"+got.header.Get("Authorization") != path || body.Run.RunUID != made.Run.UID {
				t.Errorf("%s: arrived %+v", path, got)
			}
		}
		s.awaitRun(t, made.Run.UID, "SUCCEEDED")
		h.nothingAt(t, path)
	}
}

func TestPlainHTTPCallbackOfARunStaysWithinTheAllowedNetworks(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{})
	project, action := s.newProject(t, ""), s.newAction(t, h.url("/executor"))
	for _, url := range []string{
		"http://example.com/hook", "http://10.0.0.1/hook", "http://[::ffff:10.0.0.1]/hook",
		"http://127.0.0.1.example.com/hook",
		"ftp://127.0.0.1/hook", "/hook",
	} {
		_, body := s.post(
			t, s.user(), createRun, anyMap{"input": runInput(project, action, anyMap{"callback": anyMap{"url": url}})},
		)
		if !strings.Contains(string(body), `"code":"BAD_USER_INPUT"`) ||
			!strings.Contains(string(body), `"field":"callback.url"`) {
			t.Errorf("%s: %s", url, body)
		}
	}
	if n := len(s.runsOf(t, project)); n != 0 {
		t.Errorf("%d runs, want none", n)
	}
	h.nothingAt(t, "/executor")
}

// runsOf are the runs of a project, newest first.
func (s *instance) runsOf(t *testing.T, project string) []runRecord {
	t.Helper()
	return ask[struct {
		GetProject struct{ Runs struct{ Nodes []runRecord } }
	}](t, s, s.user(), `query($id: ObjectID!) { getProject(id: $id) { runs(first: 50) { nodes { uid status schedule { id status } } } } }`,
		anyMap{"id": project}).GetProject.Runs.Nodes
}

func TestStoppedRunSaysSoAndLateAnswersChangeNothing(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	// Of 32 requests at a time, 16 go to one action: the others have room for the callback.
	s := startServer(t, options{env: vars{"RINGBACK_CONCURRENCY": "32", "RINGBACK_PER_HOST": "16"}})
	release := make(chan struct{})
	h.on("/executor", held(release, pages(300)))
	action := s.newAction(t, h.url("/executor"))
	made := s.createRun(
		t, s.newProject(t, h.url("/hook")), action, anyMap{"parameters": anyMap{"maxResults": 300, "pageSize": 10}},
	)
	for range 16 {
		h.nextCall(t, "/executor")
	}
	ask[any](
		t, s, s.user(), `mutation($id: ObjectID!) { stopRun(input: {runId: $id}) { run { status } } }`,
		anyMap{"id": made.Run.ID},
	)
	body, _ := h.nextRunBody(t, "/hook") // while the executor hangs
	if body.Run.Status != "STOPPED" || body.Run.BatchUID != nil || body.Error == nil ||
		body.Error.Label != "ACTION_ABORTED" {
		t.Errorf("the final callback is %+v", body)
	}
	stopped := s.awaitRun(t, made.Run.UID, "STOPPED")
	close(release)
	modelstest.Eventually(t, "all late answers are written down", func() bool {
		stopped = s.run(t, made.Run.UID)
		answered := 0
		for _, b := range stopped.Batches.Nodes {
			for _, a := range b.Attempts {
				if a.DurationMs != nil && *a.HTTPStatus == http.StatusOK {
					answered++
				}
			}
		}
		return answered == 16
	})
	if stopped.Status != "STOPPED" || stopped.OutputCount != 0 || len(stopped.Results.Nodes) != 0 ||
		len(stopped.Callbacks.Nodes) != 1 ||
		!slices.Equal(slices.Compact(stopped.outcomes()), []string{"STOPPED"}) {
		t.Errorf("late answers changed the run: %+v", stopped)
	}
	// The executor is free for the next run, and the batches that waited are not executed.
	next := s.createRun(t, s.newProject(t, h.url("/next")), action, anyMap{"parameters": anyMap{"maxResults": 1}})
	s.awaitRun(t, next.Run.UID, "SUCCEEDED")
	if all := h.calls(t, "/executor"); slices.ContainsFunc(all, func(c call) bool { return c.RunUID == made.Run.UID }) {
		t.Errorf("the executor was called for the stopped run: %+v", all)
	}
	h.nothingAt(t, "/hook")
}
