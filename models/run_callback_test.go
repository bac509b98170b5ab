package models_test

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

func TestRunsURLIsHTTPSOrAnAddressThatTheOperatorHasOpened(t *testing.T) {
	t.Parallel()
	networks := func(texts ...string) (list []netip.Prefix) {
		for _, text := range texts {
			list = append(list, netip.MustParsePrefix(text))
		}
		return list
	}
	loopback := networks("127.0.0.0/8", "::1/128")
	tests := map[string]struct {
		url      string
		networks []netip.Prefix
		want     bool
	}{
		"https to a name":                   {"https://caller.example/hook", nil, true},
		"https to an address":               {"https://10.0.0.1/hook", nil, true}, // whether it is reached is decided when it is dialled
		"https in capitals":                 {"HTTPS://caller.example/hook", nil, true},
		"http to a name":                    {"http://caller.example/hook", loopback, false},
		"http to a name that resolves":      {"http://localhost.example/hook", loopback, false},
		"http to an address, nothing open":  {"http://127.0.0.1/hook", nil, false},
		"http to an address within":         {"http://127.0.0.1:9000/hook", loopback, true},
		"http in capitals":                  {"HTTP://127.0.0.1/hook", loopback, true},
		"http to an address without":        {"http://128.0.0.1/hook", loopback, false},
		"http to a v6 address within":       {"http://[::1]:9000/hook", loopback, true},
		"http to a v6 address without":      {"http://[::2]/hook", loopback, false},
		"http to a mapped address within":   {"http://[::ffff:127.0.0.1]/hook", loopback, true},
		"http to a mapped address without":  {"http://[::ffff:10.0.0.1]/hook", loopback, false},
		"http to localhost":                 {"http://localhost:9000/hook", loopback, true},
		"http to localhost, others open":    {"http://localhost/hook", networks("10.0.0.0/8"), false},
		"http to an address of a zone":      {"http://[fe80::1%25eth0]/hook", networks("fe80::/10"), false},
		"http to the second of what's open": {"http://10.1.2.3/hook", networks("127.0.0.0/8", "10.0.0.0/8"), true},
		"http to a number":                  {"http://2130706433/hook", loopback, false},
		"http to a short form":              {"http://127.1/hook", loopback, false},
	}
	w := newWorld(t)
	w.newAction()
	for name, test := range tests {
		w.rules.AllowedNetworks = test.networks
		w.configure()
		in := w.aRun()
		calling(test.url, models.CallbackOnAll)(&in)
		run, err := w.CreateRun(t.Context(), w.editor, in)
		if !test.want {
			t.Log(name)
			wantError(t, err, models.CodeBadUserInput, "callback.url")
			continue
		}
		if err != nil || *run.Callback.URL != test.url {
			t.Errorf("%s: got %+v, %v", name, run, err)
		}
	}
}

// setTarget changes the project's or, without one, the account's URL, with a header that names the level.
func (w *world) setTarget(project *models.Project, url *string) {
	w.t.Helper()
	level := func(name string) models.EndpointUpdate {
		return models.EndpointUpdate{URL: models.Given(url), Headers: models.Given([]models.Header{{Key: "X-Level", Value: models.Secret(name)}})}
	}
	var err error
	if project == nil {
		_, err = w.UpdateAccount(w.t.Context(), w.admin, models.AccountUpdate{AccountID: w.account.ID, Callback: level("account")})
	} else {
		_, err = w.UpdateProject(w.t.Context(), w.admin, models.ProjectUpdate{ProjectID: project.ID, Callback: level("project")})
	}
	noError(w.t, err)
}

func TestRunsURLGoesBeforeTheProjectsAndThatBeforeTheAccounts(t *testing.T) {
	t.Parallel()
	own := calling(runURL, models.CallbackOnAll)
	withHeader := func(in *models.NewRun) {
		own(in)
		in.Callback.Headers = []models.Header{{Key: "X-Level", Value: "request"}, {Key: "X-Own", Value: "1"}}
	}
	none := func(*models.NewRun) {}
	tests := map[string]struct {
		change           func(*models.NewRun)
		project, account *string
		url              string
		headers          string
	}{
		"all three":                  {withHeader, new(projectURL), new(accountURL), runURL, "X-Level: request, X-Own: 1"},
		"a request without headers":  {own, new(projectURL), new(accountURL), runURL, ""},
		"the project's":              {none, new(projectURL), new(accountURL), projectURL, "X-Level: project"},
		"the account's":              {none, nil, new(accountURL), accountURL, "X-Level: project"}, // laid over the account's by name
		"a request and nothing else": {own, nil, nil, runURL, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.newAction()
			w.setTarget(nil, test.account)
			w.setTarget(w.project, test.project)
			run := w.newRun(test.change)
			w.execute(a, func(*models.Execution) models.Outcome { return found(1, false) })
			w.wantEnded(run.ID, models.RunSucceeded)
			for _, event := range []models.EventName{models.RunBatchFinishedEvent, models.RunFinishedEvent} {
				d := w.claim(w.told(run.ID, event)[0].ID)
				var headers []string
				for _, h := range d.Target.Headers {
					headers = append(headers, h.Key+": "+h.Value.Reveal())
				}
				if got := strings.Join(headers, ", "); d.Target.URL != test.url || got != test.headers || *w.callback(d.Callback.ID).TargetURL != test.url {
					t.Errorf("%s goes to %s with %q", event, d.Target.URL, got)
				}
			}
		})
	}
}

func TestRequestsURLStaysAndTheProjectsMoves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	fixed := w.newRun(calling(runURL, models.CallbackOnAll))
	moving := w.newRun()
	w.execute(a, func(*models.Execution) models.Outcome { return found(1, false) })
	w.setTarget(w.project, new("https://moved.example/hook"))
	for run, want := range map[*models.Run]string{fixed: runURL, moving: "https://moved.example/hook"} {
		c := w.told(run.ID, models.RunFinishedEvent)[0]
		// What was created under the old host is given back to wait under the new one.
		for !w.deliveredTo(c.ID, want) {
			w.clock.advance(time.Second)
		}
		wantStatus(t, w.callback(c.ID), models.StatusSuccess)
		replay, err := w.ReplayCallback(t.Context(), w.editor, c.ID)
		noError(t, err)
		if *replay.TargetURL != want || replay.Source != c.Source {
			t.Errorf("the replay is %+v, want %s", replay, want)
		}
	}
}

// deliveredTo makes an attempt, which must go to a URL; false when the callback was only moved to another host.
func (w *world) deliveredTo(id int64, url string) bool {
	w.t.Helper()
	c := w.callback(id)
	if !w.due(c) {
		w.t.Fatalf("callback %d is not due", id)
	}
	d := delivery(w.claimLane(c.Lane, 100), id)
	if d == nil {
		return false
	}
	if d.Target.URL != url {
		w.t.Errorf("sent to %s, want %s", d.Target.URL, url)
	}
	w.record(d, answered(299)) // any 2xx will do
	return true
}

func TestRunWithNowhereToCallBackToWorksAndTellsNothing(t *testing.T) {
	t.Parallel()
	ways := map[string]func(*world) func(*models.Run){
		"no URL anywhere": func(w *world) func(*models.Run) {
			w.setTarget(w.project, nil)
			return func(*models.Run) {}
		},
		"the project was deleted meanwhile": func(w *world) func(*models.Run) {
			return func(*models.Run) {
				_, err := w.DeleteProject(w.t.Context(), w.admin, w.project.ID)
				noError(w.t, err)
			}
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.newAction()
			meanwhile := way(w)
			run := w.newRun(pages(3))
			stopped := w.newRun()
			claimed := w.claimBatches(a, 3)
			meanwhile(run)
			for _, e := range claimed {
				w.recordBatch(e, found(10, true))
			}
			if name == "no URL anywhere" {
				w.stop(stopped)
			}
			if run = w.run(run.ID); run.Status != models.RunSucceeded || run.OutputCount != 30 || run.OpenBatches != 0 {
				t.Errorf("got %+v", run)
			}
			for _, event := range []models.EventName{models.RunBatchFinishedEvent, models.RunFinishedEvent} {
				if told := w.callbacks(event); len(told) != 0 {
					t.Errorf("%d of %s", len(told), event)
				}
			}
			if woken := w.queue.take(); len(woken) != 0 {
				t.Errorf("woken: %v", woken)
			}
		})
	}
}

func TestDeletedProjectTellsNothingEvenToARequestsOwnURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	run := w.newRun(calling(runURL, models.CallbackOnAll))
	_, err := w.DeleteProject(t.Context(), w.admin, w.project.ID)
	noError(t, err)
	w.execute(a, func(*models.Execution) models.Outcome { return found(1, false) })
	if run = w.run(run.ID); run.Status != models.RunSucceeded || len(w.callbacks(models.RunFinishedEvent)) != 0 {
		t.Errorf("got %+v", run)
	}
}

func TestBareResultIsTheFirstResultOrTheErrorAndIsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	tests := map[string]struct {
		answer models.Outcome
		want   string
		status models.RunStatus
	}{
		"a result":         {executed(200, `{"results":[{"z":1.50,"a":"<&>"},{"second":true}],"has_more":true}`), `{"z":1.50,"a":"<&>"}`, models.RunSucceeded},
		"a text":           {executed(200, `{"results":["only text"]}`), `"only text"`, models.RunSucceeded},
		"a null":           {executed(200, `{"results":[null]}`), `null`, models.RunSucceeded},
		"nothing":          {nothing(), `{"error":{"message":"No results","error_label":"NO_RESULT","error_scope":"EXECUTOR","status_code":424,"params":{"http_status":200},"error_ref":"REF"}}`, models.RunFailed},
		"a refused input":  {executed(422, `{"message":"no"}`), `{"error":{"message":"no","error_label":"BAD_INPUT","error_scope":"EXECUTOR","status_code":422,"params":{"http_status":422},"error_ref":"REF"}}`, models.RunBlocked},
		"an unmended call": {unanswered(models.BlockedAddress), `{"error":{"message":"The executor gave no answer (BLOCKED_ADDRESS)","error_label":"INTEGRATION_ERROR","error_scope":"EXECUTOR","status_code":424,"params":{"code":"BLOCKED_ADDRESS"},"error_ref":"REF"}}`, models.RunFailed},
	}
	for name, test := range tests {
		run := w.newRun(calling("https://"+strings.ReplaceAll(name, " ", "-")+".example/", models.CallbackOnResult))
		e := w.claimBatches(a, 1)[0]
		w.recordBatch(e, test.answer)
		run = w.wantEnded(run.ID, test.status)
		told := w.told(run.ID, models.RunResultEvent)
		if len(told) != 1 || run.BatchCount != 1 {
			t.Fatalf("%s: told %d times of %d pages", name, len(told), run.BatchCount)
		}
		want := strings.ReplaceAll(test.want, "REF", e.Attempt.UID.String())
		if c := told[0]; string(c.Body) != want || c.ContentType != "application/json" || c.OrderingKey == "" || c.Held || !json.Valid(c.Body) {
			t.Errorf("%s: told as %s, want %s", name, c.Body, want)
		}
		others := slices.Concat(w.told(run.ID, models.RunBatchFinishedEvent), w.told(run.ID, models.RunFinishedEvent))
		if len(others) != 0 {
			t.Errorf("%s: %d other callbacks", name, len(others))
		}
	}
}

func TestBareResultsToOneURLAreSentInTheOrderOfTheirComing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.newAction()
	first, second := w.newRun(calling(runURL, models.CallbackOnResult)), w.newRun(calling(runURL, models.CallbackOnResult))
	elsewhere := w.newRun(calling(runURL+"/2", models.CallbackOnResult))
	claimed := w.claimBatches(a, 3)
	for _, i := range []int{1, 0, 2} { // the second request's result comes first
		w.recordBatch(claimed[i], found(1, false))
	}
	told := func(run *models.Run) *models.Callback { return w.told(run.ID, models.RunResultEvent)[0] }
	if !told(first).Held || told(second).Held || told(elsewhere).Held || told(first).OrderingKey != told(second).OrderingKey {
		t.Error("the line is not that of the URL")
	}
	// Another project's results to the same URL are no part of it.
	project := w.newProject(w.account, nil)
	third := w.newRun(calling(runURL, models.CallbackOnResult), func(in *models.NewRun) { in.ProjectID = project.ID })
	w.execute(a, func(*models.Execution) models.Outcome { return found(1, false) })
	if told(third).Held {
		t.Error("another project's result waits")
	}
	w.queue.take()
	w.deliver(told(second).ID, answered(200))
	if c := told(first); c.Held || !slices.Contains(wokenIDs(w.queue.take()), c.ID) {
		t.Errorf("its turn has come: %+v", c)
	}
}

// wokenIDs are the callbacks of wake-ups.
func wokenIDs(wakeups []models.Wakeup) (ids []int64) {
	for _, wakeup := range wakeups {
		ids = append(ids, wakeup.CallbackID)
	}
	return ids
}
