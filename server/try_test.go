package main

import (
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/store/storetest"
)

type sentTest struct {
	SendTestCallback struct {
		Callback apiCallback
		Attempt  *attempt
	}
}

// sendTest sends a test to a project's receiver.
func (s *instance) sendTest(t *testing.T, project any) sentTest {
	t.Helper()
	return ask[sentTest](t, s, s.user(), `mutation($id: ObjectID!) { sendTestCallback(input: {owner: {projectId: $id}}) {
		callback {`+callbackFields+`} attempt { uid number httpStatus error { code } } } }`, anyMap{"id": project})
}

func TestATestIsAnsweredWithWhatTheReceiverSaid(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{})
	h.on("/fails", answers(http.StatusTeapot, "I am a teapot"))
	for path, want := range map[string]int{"/works": http.StatusOK, "/fails": http.StatusTeapot} {
		project := s.newProject(t, h.url(path), header{"Authorization", "Bearer your-token"})
		begun := time.Now()
		sent := s.sendTest(t, project).SendTestCallback
		if sent.Attempt == nil || *sent.Attempt.HTTPStatus != want || sent.Callback.AttemptCount != 1 {
			t.Fatalf("%s: %+v after %s", path, sent, time.Since(begun))
		}
		got := h.next(t, path)
		if got.body != sent.Callback.Payload || got.header.Get("X-Run-Callback") != sent.Attempt.UID ||
			got.header.Get("Authorization") != "Bearer your-token" || got.header.Get("X-Callback-Test") != "true" {
			t.Errorf("%s got %+v", path, got)
		}
	}
}

// TestATestOverProcesses: the one that is asked has no worker.
func TestATestOverProcesses(t *testing.T) {
	t.Parallel()
	needsServices(t)
	h := newHostile(t)
	api := startServer(t, options{role: roleAPI})
	start(t, options{role: roleWorker}, api.env)
	sent := api.sendTest(t, api.newProject(t, h.url("/hook"))).SendTestCallback
	if sent.Attempt == nil || sent.Callback.Status != "SUCCESS" {
		t.Errorf("%+v", sent)
	}
}

type diagnosed struct {
	DiagnoseReceiver struct {
		Diagnosis struct {
			UID, Status string
			Steps       []struct{ Name, Status, Detail, Remedy string }
		}
	}
}

// diagnose looks at a project's receiver.
func (s *instance) diagnose(t *testing.T, project any) diagnosed {
	t.Helper()
	return ask[diagnosed](t, s, s.user(), `mutation($id: ObjectID!) { diagnoseReceiver(input: {projectId: $id, checkSignature: true}) {
		diagnosis { uid status steps { name status detail remedy } } } }`, anyMap{"id": project})
}

func TestADiagnosisIsAnsweredWithWhatAWorkerSaw(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{})
	d := s.diagnose(t, s.newProject(t, h.url("/hook"), header{"Authorization", "Bearer your-token"})).DiagnoseReceiver.Diagnosis
	if d.Status != "WARNING" || len(d.Steps) != 7 || d.Steps[5].Status != "OK" || d.Steps[6].Status != "WARNING" {
		t.Fatalf("%+v", d)
	}
	for range 3 { // the second has a wrong signature and the third is old, and both were taken
		if got := h.next(t, "/hook"); got.header.Get("X-Run-Callback") != d.UID ||
			got.header.Get("Authorization") != "Bearer your-token" || got.header.Get("X-Callback-Test") != "true" {
			t.Errorf("%+v", got)
		}
	}
	if n := len(s.callbacks(t)); n != 0 {
		t.Errorf("%d callbacks stand in the history", n)
	}
}

// TestADiagnosisOverProcesses: the one that is asked has no worker.
func TestADiagnosisOverProcesses(t *testing.T) {
	t.Parallel()
	needsServices(t)
	h := newHostile(t)
	api := startServer(t, options{role: roleAPI})
	start(t, options{role: roleWorker}, api.env)
	if d := api.diagnose(t, api.newProject(t, h.url("/hook"))).DiagnoseReceiver.Diagnosis; d.Status != "WARNING" {
		t.Errorf("%+v", d)
	}
}

// TestADiagnosisIsFollowedOverProcesses: the one that is asked has no worker, and the one that tells is another.
func TestADiagnosisIsFollowedOverProcesses(t *testing.T) {
	t.Parallel()
	needsServices(t)
	h := newHostile(t)
	api := startServer(t, options{role: roleAPI})
	other := start(t, options{role: roleAPI}, api.env)
	start(t, options{role: roleWorker}, api.env)
	id := ask[struct {
		DiagnoseReceiver struct{ Diagnosis struct{ ID string } }
	}](t, api, api.user(), `mutation($id: ObjectID!) { diagnoseReceiver(input: {projectId: $id, wait: false}) { diagnosis { id } } }`,
		anyMap{"id": api.newProject(t, h.url("/hook"))}).DiagnoseReceiver.Diagnosis.ID
	sub := other.listen(t, api.user(), `subscription($id: ObjectID!) {
		diagnosisProgress(input: {diagnosisId: $id}) { status steps { name } } }`, anyMap{"id": id})
	last := sub.next()
	for answer := last; answer != nil; answer = sub.next() {
		last = answer
	}
	if last == nil || len(last.Data.DiagnosisProgress.Steps) != 7 || last.Data.DiagnosisProgress.Status == "RUNNING" {
		t.Errorf("%+v", last)
	}
}

// TestADiagnosisIsAwaitedLongerThanWork: the whole of its 25 s, which no other request has.
func TestADiagnosisIsAwaitedLongerThanWork(t *testing.T) {
	t.Parallel()
	long(t)
	h := newHostile(t)
	s := startServer(t, options{})
	h.on("/hangs", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	begun := time.Now()
	d := s.diagnose(t, s.newProject(t, h.url("/hangs"))).DiagnoseReceiver.Diagnosis
	if took := time.Since(begun); took < models.WorkTime || took > 26*time.Second {
		t.Errorf("it took %s", took)
	}
	if d.Status != "FAILED" || d.Steps[5].Status != "FAILED" || d.Steps[5].Remedy == "" || d.Steps[6].Status != "SKIPPED" {
		t.Errorf("%+v", d)
	}
}

// TestTheReleaseBeforeSendsTests: it knows no such event, and takes them for notices. One attempt is all that it makes.
func TestTheReleaseBeforeSendsTests(t *testing.T) {
	t.Parallel()
	long(t)
	needsServices(t)
	env := newEnv(t)
	maps.Copy(env, vars{"DATABASE_URL": storetest.Direct(storetest.URL(t)), "RINGBACK_POOLER": "session"})
	program := previousProgram(t)
	h := newHostile(t)
	h.on("/fails", answers(http.StatusTeapot, ""))
	api := startServer(t, options{role: roleAPI, env: env})
	before := start(t, options{process: true, program: program, role: roleWorker}, api.env)
	api.setWebhook(t, h.url("/partner"))
	for path, want := range map[string]string{"/works": "SUCCESS", "/fails": "FAILED"} {
		project := api.newProject(t, h.url(path))
		sent := api.sendTest(t, project).SendTestCallback
		if sent.Attempt == nil || sent.Callback.Status != want || sent.Callback.Event != "TEST" ||
			sent.Callback.AttemptCount != 1 {
			t.Errorf("%s: %+v", path, sent)
		}
	}
	other := api.finishCrawl(t, newCrawlID(), api.newProject(t, h.url("/works")))
	api.awaitStatus(t, other.UID, "SUCCESS")
	for _, c := range api.callbacks(t) {
		if c.Event == "CALLBACK_FAILED" {
			t.Errorf("somebody is told: %+v", c)
		}
	}
	select {
	case <-before.exited:
		t.Errorf("it has ended: %s", before.stderr)
	default:
	}
}
