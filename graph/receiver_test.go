package graph_test

import (
	"net/netip"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/receiver"
	"github.com/ringback/ringback/models/tenant"
)

const sendTest = `mutation { sendTestCallback(input: {owner: {projectId: 1123123}}) { callback { event status targetUrl } attempt { uid } } }`

func TestARateSaysWhenTheNextMayBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.editor()
	for range 10 {
		w.sameJSON("a test", `{"callback":{"event":"TEST","status":"PENDING","targetUrl":"`+projectURL+`"},"attempt":null}`,
			w.ok(who, sendTest, nil).at("sendTestCallback"))
	}
	a := w.do(who, sendTest, nil)
	a.wantError(models.CodeRateLimited, "", "sendTestCallback")
	if got := a.Errors[0].Extensions["retryAt"]; got != "2020-07-09T16:26:35.000Z" {
		t.Errorf("retryAt: %v", got)
	}
}

// demoDiagnosis is of the demo project, and waits for a worker.
const demoDiagnosis = 1

// diagnose makes a diagnosis in which everything is, as a worker would.
func (w *world) diagnose() (id int64) {
	w.tb.Helper()
	taken, err := w.service.Receivers.Take(w.tb.Context(), 10)
	modelstest.NoError(w.tb, err)
	for _, e := range taken {
		for _, name := range receiver.StepNames() {
			modelstest.NoError(w.tb, e.Note(w.tb.Context(), receiver.Step{
				Name: name, Status: receiver.StepWarning, DurationMs: 1, Detail: "it is slow", Remedy: ptr("Be quicker."),
				Addresses: []tenant.CheckedAddress{{Addr: netip.MustParseAddr("192.0.2.1")}, {Denied: true}},
				TLS: &receiver.TLS{
					Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256",
					Chain: []receiver.Certificate{{
						Subject: "CN=a", Issuer: "CN=b", Names: []string{"project.example.com"}, NotAfter: start, DaysLeft: -1,
					}},
				},
				HTTP: &receiver.HTTP{
					Status: ptr(301), Version: ptr("HTTP/2.0"), FirstByteMs: ptr(2), RedirectTo: ptr("https://www.example.com/"),
					KeepAlive: true,
				},
			}))
		}
		modelstest.NoError(w.tb, e.End(w.tb.Context()))
		id = e.ID
	}
	return id
}

func TestADiagnosisIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const query = `{ getDiagnosis(id: 1) { status url startedAt finishedAt steps {
		name status durationMs detail remedy addresses { address verdict } tls { version cipher chain { subject issuer names daysLeft } }
		http { status version firstByteMs redirectTo keepAlive } } } }`
	w.sameJSON("before", `{"status":"RUNNING","url":"`+projectURL+`","startedAt":null,"finishedAt":null,"steps":[]}`,
		w.ok(w.viewer(), query, nil).at("getDiagnosis"))
	w.diagnose()
	a := w.ok(w.viewer(), query, nil)
	w.same("the status", "WARNING", a.at("getDiagnosis.status"))
	w.sameJSON("a step", `{"name":"TLS","status":"WARNING","durationMs":1,"detail":"it is slow","remedy":"Be quicker.",
		"addresses":[{"address":"192.0.2.1","verdict":"ALLOWED"},{"address":null,"verdict":"DENIED"}],
		"tls":{"version":"TLS 1.3","cipher":"TLS_AES_128_GCM_SHA256",
			"chain":[{"subject":"CN=a","issuer":"CN=b","names":["project.example.com"],"daysLeft":-1}]},
		"http":{"status":301,"version":"HTTP/2.0","firstByteMs":2,"redirectTo":"https://www.example.com/","keepAlive":true}}`,
		a.at("getDiagnosis.steps.4"))
	w.do(w.other(), query, nil).wantError(models.CodeNotFound, "", "getDiagnosis")
}

func TestADiagnosisIsOfAProjectOrOfAnOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const mutation = `mutation($in: DiagnoseReceiverInput!) { diagnoseReceiver(input: $in) { diagnosis { status url } } }`
	owner := variables{"projectId": demoProject}
	for _, in := range []variables{{}, {"projectId": demoProject, "owner": owner}, {"owner": variables{}}} {
		if a := w.do(platform(), mutation, variables{"in": in}); len(a.Errors) == 0 {
			t.Errorf("%v: %s", in, a.Body)
		}
	}
	a := w.ok(w.editor(), mutation, variables{"in": variables{"owner": owner, "checkSignature": true}})
	w.same("it waits", "RUNNING", a.at("diagnoseReceiver.diagnosis.status"))
	w.do(w.editor(), mutation, variables{"in": variables{"projectId": demoProject}}).
		wantError(models.CodeRateLimited, "", "diagnoseReceiver")
	a = w.ok(platform(), mutation, variables{"in": variables{"owner": variables{"ssoClientId": 1}}})
	w.same("the webhook", webhookURL, a.at("diagnoseReceiver.diagnosis.url"))
	w.do(w.admin(), mutation, variables{"in": variables{"owner": variables{"ssoClientId": 1}}}).
		wantError(models.CodeNotFound, "", "diagnoseReceiver")
}

func TestATestOfBothOrNeitherIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.unchanged(func() {
		both := variables{"projectId": 1123123, "ssoClientId": 1}
		for _, in := range []variables{
			{},
			both,
			{"owner": variables{}},
			{"owner": both},
			{"projectId": 1123123, "owner": variables{"projectId": 1123123}},
			{"ssoClientId": 1, "owner": variables{"ssoClientId": 1}},
			{"projectId": 1123123, "event": "CALLBACK_FAILED"},
		} {
			if a := w.do(platform(), testCallback, variables{"in": in}); len(a.Errors) == 0 {
				t.Errorf("%v: %s", in, a.Body)
			}
		}
	})
}

const testCallback = `mutation($in: SendTestCallbackInput!) {
	sendTestCallback(input: $in) { callback { event contentType payload targetUrl } } }`

func TestATestIsOfAProjectOrASSOClientAndLikeAnEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ok(w.editor(), testCallback, variables{"in": variables{"projectId": demoProject, "event": "JOB_UPDATED"}})
	w.same("the event", "TEST", a.at("sendTestCallback.callback.event"))
	w.same("the content type", "application/json", a.at("sendTestCallback.callback.contentType"))
	a = w.ok(platform(), testCallback, variables{"in": variables{"ssoClientId": 1}})
	w.same("the webhook", webhookURL, a.at("sendTestCallback.callback.targetUrl"))
	w.do(w.admin(), testCallback, variables{"in": variables{"ssoClientId": 1}}).
		wantError(models.CodeNotFound, "", "sendTestCallback")
	w.do(w.editor(), testCallback, variables{"in": variables{"projectId": demoProject, "event": "CALLBACK_FAILED"}}).
		wantError(models.CodeBadUserInput, "event", "sendTestCallback")
}

// TestATestIsInTheHistory: it is found by its event.
func TestATestIsInTheHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.editor(), sendTest, nil)
	a := w.ok(w.viewer(), `{ getProject(id: 1123123) { callbacks(filter: {event: [TEST]}) { totalCount nodes { event } } } }`, nil)
	if a.at("getProject.callbacks.totalCount") != 1.0 ||
		a.text("getProject.callbacks.nodes.0.event") != string(callback.TestEvent) {
		t.Error(a.Body)
	}
}

func TestADiagnosisIsFollowedStepByStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ok(platform(), `mutation { diagnoseReceiver(input: {owner: {ssoClientId: 1}, wait: false}) { diagnosis { rawID status } } }`, nil)
	w.same("at once", "RUNNING", a.at("diagnoseReceiver.diagnosis.status"))
	query := `subscription { diagnosisProgress(input: {diagnosisId: ` + a.text("diagnoseReceiver.diagnosis.rawID") +
		`}) { status startedAt steps { name } } }`
	s := w.subscribe(platform(), query, nil)
	defer s.leave()
	w.sameJSON("at first", `{"status":"RUNNING","startedAt":null,"steps":[]}`, s.next().at("diagnosisProgress"))
	w.diagnose()
	steps := 0
	for status := "RUNNING"; status == "RUNNING"; {
		a := s.next()
		n := len(a.list("diagnosisProgress.steps"))
		if n < steps {
			t.Errorf("%d steps after %d", n, steps)
		}
		steps, status = n, a.text("diagnosisProgress.status")
	}
	if more := s.next(); steps != len(receiver.StepNames()) || more != nil {
		t.Errorf("ended after %d steps: %v", steps, more)
	}
	late := w.subscribe(platform(), query, nil)
	defer late.leave()
	if got := late.next().text("diagnosisProgress.status"); got != "WARNING" || late.next() != nil {
		t.Errorf("after its end it is %s", got)
	}
	w.do(w.admin(), query, nil).wantError(models.CodeNotFound, "", "diagnosisProgress")
}
