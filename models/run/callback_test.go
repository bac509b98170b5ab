package run_test

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
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
		"https to a name":     {"https://caller.example/hook", nil, true},
		"https to an address": {"https://10.0.0.1/hook", nil, true},
		// whether it is reached is decided when it is dialled
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
	w := modelstest.NewWorld(t)
	w.NewAction()
	for name, test := range tests {
		w.RunRules.AllowedNetworks = test.networks
		w.Configure()
		in := w.RunInput()
		modelstest.Calling(test.url, run.CallbackOnAll)(&in)
		r, err := w.CreateRun(t.Context(), w.Editor, in)
		if !test.want {
			t.Log(name)
			modelstest.WantError(t, err, models.CodeBadUserInput, "callback.url")
			continue
		}
		if err != nil || *r.Callback.URL != test.url {
			t.Errorf("%s: got %+v, %v", name, r, err)
		}
	}
}

func TestRunsURLGoesBeforeTheProjectsAndThatBeforeTheAccounts(t *testing.T) {
	t.Parallel()
	own := modelstest.Calling(modelstest.RunURL, run.CallbackOnAll)
	withHeader := func(in *run.NewRun) {
		own(in)
		in.Callback.Headers = []models.Header{{Key: "X-Level", Value: "request"}, {Key: "X-Own", Value: "1"}}
	}
	none := func(*run.NewRun) {}
	tests := map[string]struct {
		change           func(*run.NewRun)
		project, account *string
		url              string
		headers          string
	}{
		"all three": {
			withHeader, new(modelstest.ProjectURL), new(modelstest.AccountURL),
			modelstest.RunURL, "X-Level: request, X-Own: 1",
		},
		"a request without headers": {
			own, new(modelstest.ProjectURL), new(modelstest.AccountURL), modelstest.RunURL,
			"",
		},
		"the project's": {
			none, new(modelstest.ProjectURL), new(modelstest.AccountURL),
			modelstest.ProjectURL, "X-Level: project",
		},
		"the account's": {
			none, nil, new(modelstest.AccountURL), modelstest.AccountURL,
			"X-Level: project",
		}, // laid over the account's by name
		"a request and nothing else": {own, nil, nil, modelstest.RunURL, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			a := w.NewAction()
			w.SetTarget(nil, test.account)
			w.SetTarget(w.Shop, test.project)
			r := w.NewRun(test.change)
			w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(1, false) })
			w.WantEnded(r.ID, run.Succeeded)
			for _, event := range []callback.EventName{callback.RunBatchFinishedEvent, callback.RunFinishedEvent} {
				d := w.MustClaim(w.CallbacksOfRun(r.ID, event)[0].ID)
				var headers []string
				for _, h := range d.Target.Headers {
					headers = append(headers, h.Key+": "+h.Value.Reveal())
				}
				if got := strings.Join(headers, ", "); d.Target.URL != test.url || got != test.headers ||
					*w.ReadCallback(d.Callback.ID).TargetURL != test.url {
					t.Errorf("%s goes to %s with %q", event, d.Target.URL, got)
				}
			}
		})
	}
}

func TestRequestsURLStaysAndTheProjectsMoves(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	fixed := w.NewRun(modelstest.Calling(modelstest.RunURL, run.CallbackOnAll))
	moving := w.NewRun()
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(1, false) })
	w.SetTarget(w.Shop, new("https://moved.example/hook"))
	for r, want := range map[*run.Run]string{fixed: modelstest.RunURL, moving: "https://moved.example/hook"} {
		c := w.CallbacksOfRun(r.ID, callback.RunFinishedEvent)[0]
		// What was created under the old host is given back to wait under the new one.
		for !w.DeliveredTo(c.ID, want) {
			w.Clock.Advance(time.Second)
		}
		modelstest.WantStatus(t, w.ReadCallback(c.ID), callback.StatusSuccess)
		replay, err := w.Replay(t.Context(), w.Editor, c.ID)
		modelstest.NoError(t, err)
		if *replay.TargetURL != want || replay.Source != c.Source {
			t.Errorf("the replay is %+v, want %s", replay, want)
		}
	}
}

func TestRunWithNowhereToCallBackToWorksAndTellsNothing(t *testing.T) {
	t.Parallel()
	ways := map[string]func(*modelstest.World) func(*run.Run){
		"no URL anywhere": func(w *modelstest.World) func(*run.Run) {
			w.SetTarget(w.Shop, nil)
			return func(*run.Run) {}
		},
		"the project was deleted meanwhile": func(w *modelstest.World) func(*run.Run) {
			return func(*run.Run) {
				_, err := w.DeleteProject(w.T.Context(), w.Admin, w.Shop.ID)
				modelstest.NoError(w.T, err)
			}
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			a := w.NewAction()
			meanwhile := way(w)
			r := w.NewRun(modelstest.Pages(3))
			stopped := w.NewRun()
			claimed := w.MustClaimBatches(a, 3)
			meanwhile(r)
			for _, e := range claimed {
				w.MustRecordBatch(e, modelstest.Results(10, true))
			}
			if name == "no URL anywhere" {
				w.MustStop(stopped)
			}
			if r = w.ReadRun(r.ID); r.Status != run.Succeeded || r.OutputCount != 30 || r.OpenBatches != 0 {
				t.Errorf("got %+v", r)
			}
			for _, event := range []callback.EventName{callback.RunBatchFinishedEvent, callback.RunFinishedEvent} {
				if told := w.CallbacksOf(event); len(told) != 0 {
					t.Errorf("%d of %s", len(told), event)
				}
			}
			if woken := w.Queue.Take(); len(woken) != 0 {
				t.Errorf("woken: %v", woken)
			}
		})
	}
}

func TestDeletedProjectTellsNothingEvenToARequestsOwnURL(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	r := w.NewRun(modelstest.Calling(modelstest.RunURL, run.CallbackOnAll))
	_, err := w.DeleteProject(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(1, false) })
	if r = w.ReadRun(r.ID); r.Status != run.Succeeded || len(w.CallbacksOf(callback.RunFinishedEvent)) != 0 {
		t.Errorf("got %+v", r)
	}
}

func TestBareResultIsTheFirstResultOrTheErrorAndIsAlone(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	tests := map[string]struct {
		answer callback.Outcome
		want   string
		status run.Status
	}{
		"a result": {
			modelstest.Executed(200,
				`{"results":[{"z":1.50,"a":"<&>"},{"second":true}],"has_more":true}`), `{"z":1.50,"a":"<&>"}`,
			run.Succeeded,
		},
		"a text": {modelstest.Executed(200, `{"results":["only text"]}`), `"only text"`, run.Succeeded},
		"a null": {modelstest.Executed(200, `{"results":[null]}`), `null`, run.Succeeded},
		"nothing": {
			modelstest.NoResults(),
			`{"error":{"message":"No results","error_label":"NO_RESULT","error_scope":"EXECUTOR",` +
				`"status_code":424,"params":{"http_status":200},"error_ref":"REF"}}`,
			run.Failed,
		},
		"a refused input": {
			modelstest.Executed(422, `{"message":"no"}`),
			`{"error":{"message":"no","error_label":"BAD_INPUT","error_scope":"EXECUTOR",` +
				`"status_code":422,"params":{"http_status":422},"error_ref":"REF"}}`,
			run.Blocked,
		},
		"an unmended call": {
			modelstest.Unanswered(callback.BlockedAddress),
			`{"error":{"message":"The executor gave no answer (BLOCKED_ADDRESS)","error_label":"INTEGRATION_ERROR",` +
				`"error_scope":"EXECUTOR","status_code":424,"params":{"code":"BLOCKED_ADDRESS"},"error_ref":"REF"}}`,
			run.Failed,
		},
	}
	for name, test := range tests {
		r := w.NewRun(modelstest.Calling("https://"+strings.ReplaceAll(name, " ", "-")+".example/",
			run.CallbackOnResult))
		e := w.MustClaimBatches(a, 1)[0]
		w.MustRecordBatch(e, test.answer)
		r = w.WantEnded(r.ID, test.status)
		told := w.CallbacksOfRun(r.ID, callback.RunResultEvent)
		if len(told) != 1 || r.BatchCount != 1 {
			t.Fatalf("%s: told %d times of %d pages", name, len(told), r.BatchCount)
		}
		want := strings.ReplaceAll(test.want, "REF", e.Attempt.UID.String())
		if c := told[0]; string(c.Body) != want || c.ContentType != "application/json" || c.OrderingKey == "" ||
			c.Held || !json.Valid(c.Body) {
			t.Errorf("%s: told as %s, want %s", name, c.Body, want)
		}
		others := slices.Concat(w.CallbacksOfRun(r.ID, callback.RunBatchFinishedEvent),
			w.CallbacksOfRun(r.ID, callback.RunFinishedEvent))
		if len(others) != 0 {
			t.Errorf("%s: %d other callbacks", name, len(others))
		}
	}
}

func TestBareResultsToOneURLAreSentInTheOrderOfTheirComing(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	a := w.NewAction()
	first, second := w.NewRun(modelstest.Calling(modelstest.RunURL, run.CallbackOnResult)),
		w.NewRun(modelstest.Calling(modelstest.RunURL, run.CallbackOnResult))
	elsewhere := w.NewRun(modelstest.Calling(modelstest.RunURL+"/2", run.CallbackOnResult))
	claimed := w.MustClaimBatches(a, 3)
	for _, i := range []int{1, 0, 2} { // the second request's result comes first
		w.MustRecordBatch(claimed[i], modelstest.Results(1, false))
	}
	told := func(r *run.Run) *callback.Callback { return w.CallbacksOfRun(r.ID, callback.RunResultEvent)[0] }
	if !told(first).Held || told(second).Held || told(elsewhere).Held ||
		told(first).OrderingKey != told(second).OrderingKey {
		t.Error("the line is not that of the URL")
	}
	// Another project's results to the same URL are no part of it.
	project := w.NewProject(w.Acme, nil)
	third := w.NewRun(modelstest.Calling(modelstest.RunURL, run.CallbackOnResult),
		func(in *run.NewRun) { in.ProjectID = project.ID })
	w.ExecuteAll(a, func(*run.Execution) callback.Outcome { return modelstest.Results(1, false) })
	if told(third).Held {
		t.Error("another project's result waits")
	}
	w.Queue.Take()
	w.Deliver(told(second).ID, modelstest.Answered(200))
	if c := told(first); c.Held || !slices.Contains(modelstest.WokenIDs(w.Queue.Take()), c.ID) {
		t.Errorf("its turn has come: %+v", c)
	}
}
