package main

import (
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models/store/storetest"
)

// envPrevious names the program of the release before, built from the commit in .ci/previous.
const envPrevious = "TEST_PREVIOUS_BINARY"

func previousProgram(t *testing.T) string {
	t.Helper()
	program := os.Getenv(envPrevious)
	if program == "" {
		t.Skip("needs " + envPrevious + ": the program of the commit in .ci/previous, which .ci/run builds")
	}
	return program
}

// upgraded is what the release before has left behind: callbacks that have arrived, that wait for their next attempt,
// and that were in flight when it was killed; and a run with an executor that had not answered.
type upgraded struct {
	*hostile
	arrived, waiting, inFlight []apiCallback
	run                        string
}

// runCallbacks are those of a run with one batch: of the batch, and of the run.
const runCallbacks = 2

var secretHeader = header{"Authorization", "Bearer sealed-by-the-release-before"}

// leave has the release before make them, and kills it.
func leave(t *testing.T, s *instance) *upgraded {
	t.Helper()
	u := &upgraded{hostile: newHostile(t)}
	u.on("/waiting", answers(http.StatusServiceUnavailable, "not yet"))
	u.on("/in-flight", hang)
	u.on("/executor", hang)
	finish := func(path string, callbacks int) (made []apiCallback) {
		project := s.newProject(t, u.url(path), secretHeader)
		for range callbacks {
			made = append(made, s.finishCrawl(t, newCrawlID(), project))
		}
		return made
	}
	u.arrived, u.waiting, u.inFlight = finish("/arrived", 5), finish("/waiting", 8), finish("/in-flight", 5)
	action := s.newAction(t, u.url("/executor"))
	u.run = s.createRun(t, s.newProject(t, u.url("/run")), action, nil).Run.UID
	for i, c := range u.arrived {
		u.arrived[i] = s.awaitStatus(t, c.UID, "SUCCESS")
	}
	for i, c := range u.waiting {
		u.waiting[i] = s.awaitAttempts(t, c.UID, 1)
	}
	for range u.inFlight {
		u.next(t, "/in-flight")
	}
	u.next(t, "/executor")
	s.kill(t)
	u.CloseClientConnections()
	return u
}

// mend lets the receivers and the executor answer well.
func (u *upgraded) mend() {
	u.on("/waiting", answers(http.StatusOK, ""))
	u.on("/in-flight", answers(http.StatusOK, ""))
	u.on("/executor", answers(http.StatusOK, `{"results": [{"page": 1}]}`))
}

// check waits until all has arrived, and compares it with what the release before has made.
func (u *upgraded) check(t *testing.T, s *instance) {
	t.Helper()
	for _, before := range u.arrived {
		if diff := gocmp.Diff(before, s.callback(t, before.UID)); diff != "" {
			t.Errorf("what has ended (-before +after):\n%s", diff)
		}
	}
	for path, list := range map[string][]apiCallback{"/waiting": u.waiting, "/in-flight": u.inFlight} {
		for _, before := range list {
			after := s.awaitStatus(t, before.UID, "SUCCESS")
			if after.Ref != before.Ref || after.Payload != before.Payload || after.AttemptCount <= before.AttemptCount {
				t.Errorf("%s: got %+v, was %+v", path, after, before)
			}
			for _, a := range before.Attempts.Nodes {
				if !slices.ContainsFunc(after.Attempts.Nodes, func(kept attempt) bool { return kept.UID == a.UID }) {
					t.Errorf("%s: attempt %s is gone", path, a.UID)
				}
			}
			u.sent(t, path, after)
		}
	}
	if r := s.awaitRun(t, u.run, "SUCCEEDED"); len(r.Results.Nodes) != 1 || len(r.Callbacks.Nodes) != runCallbacks {
		t.Errorf("the run is %+v", r)
	}
	if all := s.callbacks(t); len(all) != len(u.arrived)+len(u.waiting)+len(u.inFlight)+runCallbacks {
		t.Errorf("%d callbacks in the history", len(all))
	}
}

// sent fails unless the last attempt of a callback reached a path with the callback's body and headers.
func (u *upgraded) sent(t *testing.T, path string, c apiCallback) {
	t.Helper()
	last := slices.MaxFunc(c.Attempts.Nodes, func(a, b attempt) int { return a.Number - b.Number })
	for {
		got := u.next(t, path)
		if got.header.Get("X-Run-Callback") != last.UID {
			u.at(path) <- got // of another callback, or an earlier attempt
			continue
		}
		if got.body != c.Payload || got.header.Get("Authorization") != secretHeader.Value ||
			got.header.Get("X-Callback-Ref") != c.Ref {
			t.Errorf("%s got %+v for %+v", path, got, c)
		}
		return
	}
}

func TestUpgradeFromTheReleaseBeforeLosesNothing(t *testing.T) {
	t.Parallel()
	long(t)
	program := previousProgram(t)
	env := newEnv(t)
	maps.Copy(env, crashEnv(vars{"RINGBACK_RETRY_SCHEDULE": strings.Repeat("2s,", 19) + "2s"}))
	old := options{process: true, program: program, env: env}
	if storetest.OnPostgres() {
		env["DATABASE_URL"] = storetest.Direct(storetest.URL(t)) // the release before knows no pooler
	}
	before := startServer(t, old)
	u := leave(t, before)
	u.mend()
	now := options{process: true}
	if before.env["DATABASE_URL"] != "" {
		now.migrate(t, before.env)
	}
	before.opts = now
	u.check(t, before.startAgain(t, nil))
}
