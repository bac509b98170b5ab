package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/jobs/egress/egresstest"
)

func TestRunEndsAsItsExecutorAnswers(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{})
	good := pages(1)
	for name, c := range map[string]struct {
		url     string             // of the executor, instead of one that behaves so
		behaves []http.HandlerFunc // one for each input
		status  string             // of the run
		batches []string
		failed  standardError // of the first batch that failed, and of the run
	}{
		"results": {behaves: []http.HandlerFunc{good}, status: "SUCCEEDED", batches: []string{"SUCCEEDED"}},
		"bad input": {
			behaves: []http.HandlerFunc{answers(400, `{"message": "no such place"}`)}, status: "BLOCKED",
			batches: []string{"BLOCKED"},
			failed:  standardError{"no such place", "BAD_INPUT", "EXECUTOR", 400},
		},
		"input that makes no sense": {
			behaves: []http.HandlerFunc{answers(422, "no JSON")}, status: "BLOCKED", batches: []string{"BLOCKED"},
			failed: standardError{"The executor refused the input", "BAD_INPUT", "EXECUTOR", 422},
		},
		"not found": {
			behaves: []http.HandlerFunc{answers(404, "")}, status: "FAILED", batches: []string{"FAILED"}, failed: noResult,
		},
		"a dependency failed": {
			behaves: []http.HandlerFunc{answers(424, "")}, status: "FAILED", batches: []string{"FAILED"}, failed: noResult,
		},
		"no results": {
			behaves: []http.HandlerFunc{pages(0)}, status: "FAILED", batches: []string{"FAILED"}, failed: noResult,
		},
		"forbidden": {
			behaves: []http.HandlerFunc{answers(403, `{"message": "a wrong key"}`)}, status: "FAILED",
			batches: []string{"FAILED"},
			failed:  standardError{"a wrong key", "STATUS_403", "EXECUTOR", 424},
		},
		"garbage": {
			behaves: []http.HandlerFunc{answers(200, "<html>")}, status: "FAILED", batches: []string{"FAILED"},
			failed: standardError{
				`The executor's answer is not {"results": […], "has_more": …}`, "INTEGRATION_ERROR", "EXECUTOR", 424,
			},
		},
		"2 MiB": {
			behaves: []http.HandlerFunc{answers(200, `{"results": ["`+strings.Repeat("x", 2<<20)+`"]}`)},
			status:  "FAILED", batches: []string{"FAILED"}, failed: noAnswer("RESPONSE_TOO_LARGE"),
		},
		"a redirect": {
			behaves: []http.HandlerFunc{http.RedirectHandler("/elsewhere", http.StatusFound).ServeHTTP},
			status:  "FAILED", batches: []string{"FAILED"}, failed: noAnswer("REDIRECT"),
		},
		"an address of the inside": {
			url: "http://10.0.0.1/executor", behaves: []http.HandlerFunc{nil},
			status: "FAILED", batches: []string{"FAILED"}, failed: noAnswer("BLOCKED_ADDRESS"),
		},
		"the metadata address": {
			url: "http://169.254.169.254/latest/meta-data", behaves: []http.HandlerFunc{nil},
			status: "FAILED", batches: []string{"FAILED"}, failed: noAnswer("BLOCKED_ADDRESS"),
		},
		"some results": {
			behaves: []http.HandlerFunc{answers(404, ""), good, answers(400, "")}, status: "PARTIAL_SUCCEEDED",
			batches: []string{"FAILED", "SUCCEEDED", "BLOCKED"}, failed: noResult,
		},
		"neither good input nor results": {
			behaves: []http.HandlerFunc{answers(400, ""), answers(404, "")}, status: "FAILED",
			batches: []string{"BLOCKED", "FAILED"},
			failed:  standardError{"The executor refused the input", "BAD_INPUT", "EXECUTOR", 400},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := "/executor/" + name
			behaviours := map[string]http.HandlerFunc{}
			var inputs []anyMap
			for i, behave := range c.behaves {
				do := fmt.Sprint(i)
				behaviours[do], inputs = behave, append(inputs, anyMap{"do": do})
			}
			h.on(path, asked(behaviours))
			if c.url == "" {
				c.url = h.url(strings.ReplaceAll(path, " ", "%20"))
			}
			hook := "/hook/" + name
			project := s.newProject(t, h.url(strings.ReplaceAll(hook, " ", "%20")))
			r := s.awaitRun(t, s.createRun(t, project, s.newAction(t, c.url), anyMap{"inputs": inputs}).Run.UID, c.status)
			if diff := cmp.Diff(c.batches, r.outcomes()); diff != "" {
				t.Errorf("batches (-want +got):\n%s", diff)
			}
			h.checkErrors(t, hook, r, c.failed)
			for _, b := range r.Batches.Nodes {
				if b.AttemptCount != 1 {
					t.Errorf("the executor was called again: %+v", b)
				}
			}
			h.nothingAt(t, "/elsewhere")
		})
	}
}

var noResult = standardError{"No results", "NO_RESULT", "EXECUTOR", 424}

// noAnswer is the error where the guarded client has no answer to give, and never will have.
func noAnswer(code string) standardError {
	return standardError{"The executor gave no answer (" + code + ")", "INTEGRATION_ERROR", "EXECUTOR", 424}
}

// checkErrors holds the errors in a run's callbacks against its history, where the first is to be the given one; none
// where that is empty.
func (h *hostile) checkErrors(t *testing.T, path string, r runRecord, first standardError) {
	t.Helper()
	told := map[string]*runError{} // by batch; "" is the run
	for range len(r.Batches.Nodes) + 1 {
		body, got := h.nextRunBody(t, path)
		batch, wantStatus, wantResults := "", r.Status, false
		if body.Run.BatchUID != nil {
			batch, wantStatus, wantResults = *body.Run.BatchUID, "RUNNING", true
			if b := r.batch(t, batch); b.Status != "SUCCEEDED" {
				wantStatus, wantResults = b.Status, false
			}
		}
		if body.Run.Status != wantStatus || (body.Results != nil) != wantResults {
			t.Errorf("the callback is %s", got.body)
		}
		told[batch] = body.Error
	}
	h.nothingAt(t, path)
	same := func(what string, got *runError, want *standardError) {
		if (got == nil) != (want == nil) || got != nil &&
			(standardError{got.Message, got.Label, got.Scope, got.StatusCode} != *want || got.Ref == "") {
			t.Errorf("the callback of %s tells of %+v, the history of %+v", what, got, want)
		}
	}
	same("the run", told[""], r.Error)
	for _, b := range r.Batches.Nodes {
		same("batch "+b.UID, told[b.UID], b.Error)
	}
	if first == (standardError{}) != (r.Error == nil) || r.Error != nil && *r.Error != first {
		t.Errorf("the run's error is %+v, want %+v", r.Error, first)
	}
}

func TestExecutorThatFailsIsCalledThreeTimes(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	for name, c := range map[string]struct {
		behave   http.HandlerFunc
		settings anyMap // of the action
		status   string
		calls    []string
		failed   standardError
	}{
		"it comes round": {
			behave: then(cut, answers(500, ""), pages(1)), status: "SUCCEEDED",
			calls: []string{"CONNECTION_RESET", "500", "200"},
		},
		"it does not answer in time": {
			behave: then(hang, pages(1)), settings: anyMap{"timeout": "2s"}, status: "SUCCEEDED",
			calls: []string{"TIMEOUT", "200"},
		},
		"it goes on failing": {
			behave: answers(503, `{"message": "no more"}`), status: "FAILED", calls: []string{"503", "503", "503"},
			failed: standardError{"no more", "API_MAX_RETRY", "EXECUTOR", 424},
		},
		"it is not there": {
			status: "FAILED", calls: []string{"CONNECT_REFUSED", "CONNECT_REFUSED", "CONNECT_REFUSED"},
			failed: standardError{"The executor gave no answer (CONNECT_REFUSED)", "API_MAX_RETRY", "EXECUTOR", 424},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHostile(t) // one for each: a request on a connection that was used before is another story
			h.on("/executor", c.behave)
			url := h.url("/executor")
			if c.behave == nil {
				url = "http://" + egresstest.ClosedAddr(t) + "/executor"
			}
			action := s.newAction(t, url, c.settings)
			project := s.newProject(t, h.url("/hook"))
			began := time.Now()
			r := s.awaitRun(t, s.createRun(t, project, action, nil).Run.UID, c.status)
			h.checkErrors(t, "/hook", r, c.failed)
			var calls []string
			for _, a := range r.Batches.Nodes[0].Attempts {
				if a.ErrorCode != nil {
					calls = append(calls, *a.ErrorCode)
				} else {
					calls = append(calls, fmt.Sprint(*a.HTTPStatus))
				}
			}
			if diff := cmp.Diff(c.calls, calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			// 1 s and 4 s, ±20 %
			if took := time.Since(began); len(calls) == 3 && took < 4*time.Second {
				t.Errorf("three calls took %s", took)
			}
			seen := h.calls(t, "/executor")
			if c.behave != nil && len(seen) != len(calls) {
				t.Fatalf("%d calls arrived, %d are in the history", len(seen), len(calls))
			}
			for i, got := range seen {
				if want := r.Batches.Nodes[0].Attempts[i].UID; got.attempt != want || got.BatchUID != r.Batches.Nodes[0].UID {
					t.Errorf("call %d is %+v, in the history it is %s", i+1, got, want)
				}
			}
		})
	}
}

func TestExecutorIsReachedThroughTheGuardOnly(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "none", "RINGBACK_ALLOWED_NETWORKS": "192.0.2.0/24"}})
	project := s.newProject(t, h.url("/hook"))
	for _, url := range []string{
		h.url("/executor"), strings.Replace(h.url("/executor"), "127.0.0.1", "[::ffff:127.0.0.1]", 1),
	} {
		r := s.awaitRun(t, s.createRun(t, project, s.newAction(t, url), nil).Run.UID, "FAILED")
		if b := r.Batches.Nodes[0]; len(b.Attempts) != 1 || *b.Attempts[0].ErrorCode != "BLOCKED_ADDRESS" ||
			*b.Error != noAnswer("BLOCKED_ADDRESS") {
			t.Errorf("%s: %+v", url, b)
		}
	}
	if n := h.conns.Load(); n != 0 {
		t.Errorf("%d connections were opened", n)
	}
}

func TestFailedCallbackOfARunReachesThePartner(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(
		t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "none", "RINGBACK_PUBLIC_URL": "https://ringback.example.com/"}},
	)
	s.setWebhook(t, h.url("/sso"))
	h.on("/executor", pages(1))
	h.on("/hook", answers(500, "no"))
	made := s.createRun(t, fmt.Sprint(demoProjectID), s.newAction(t, h.url("/executor")),
		anyMap{"callback": anyMap{"url": h.url("/hook"), "on": "FINAL"}})
	r := s.awaitRun(t, made.Run.UID, "SUCCEEDED") // what becomes of the callback changes nothing in the run
	data, rest := h.notice(t, "/sso")
	want := wantNotice(r.Callbacks.Nodes[len(r.Callbacks.Nodes)-1], 500.0, 1)
	want["event"], want["runUid"] = "RUN_FINISHED", made.Run.UID
	if diff := cmp.Diff(want, data); diff != "" || rest["eventType"] != "callback-failed" {
		t.Errorf("%v, eventData (-want +got):\n%s", rest, diff)
	}
}
