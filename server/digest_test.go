package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

// digest is a callbacks-failed notice as a partner reads it.
type digest struct {
	EventType string
	EventData struct {
		ProjectID                                  int64
		FailureCount, WillRetryCount, GivenUpCount int
		CallbackUIDs                               []string
	}
}

func readDigest(t *testing.T, body string) (d digest) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &d); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return d
}

// setNoticeMode says how the partner hears of failures.
func (s *instance) setNoticeMode(t *testing.T, mode string) {
	t.Helper()
	type answer struct {
		UpdateSSOClient struct{ SsoClient struct{ NoticeMode string } }
	}
	got := ask[answer](t, s, s.platform(), `mutation($input: UpdateSSOClientInput!) { updateSSOClient(input: $input) { ssoClient { noticeMode } } }`,
		anyMap{"input": anyMap{"ssoClientId": demoSSOClientID, "noticeMode": mode}})
	if got.UpdateSSOClient.SsoClient.NoticeMode != mode {
		t.Fatalf("the mode is %+v", got)
	}
}

// hurry makes due what waits for its first attempt: a digest waits for up to a minute.
func (s *instance) hurry(t *testing.T) {
	t.Helper()
	if _, err := openSQL(t, s.env).ExecContext(t.Context(), "UPDATE callbacks SET next_attempt_at = 1 WHERE status = "+
		"'PENDING' AND attempt_count = 0"); err != nil {
		t.Fatal(err)
	}
}

// failingRun is callbacks of a project whose receiver takes none.
func failingRun(t *testing.T, s *instance, h *hostile, callbacks int) *crashRun {
	t.Helper()
	h.on("/hook", answers(http.StatusInternalServerError, "no"))
	r := &crashRun{hostile: h, made: map[string]bool{}, project: s.newProject(t, h.url("/hook"))}
	r.accept(t, s, callbacks)
	return r
}

// digests are those of a project, newest first.
func (r *crashRun) digests(t *testing.T, s *instance) []apiCallback {
	t.Helper()
	type answer struct {
		GetProject struct {
			Callbacks struct{ Nodes []apiCallback }
		}
	}
	return ask[answer](t, s, s.platform(), `query($id: ObjectID!) { getProject(id: $id) { callbacks(first: 100, filter: {event: [CALLBACKS_FAILED]}) {
		nodes {`+callbackFields+`} } } }`, anyMap{"id": r.project}).GetProject.Callbacks.Nodes
}

// told is how many failures the digests of a project tell of.
func (r *crashRun) told(t *testing.T, s *instance) (failures int) {
	t.Helper()
	for _, c := range r.digests(t, s) {
		failures += readDigest(t, c.Payload).EventData.FailureCount
	}
	return failures
}

// heard is what the partner was told: the failures of each digest, however often that came.
func (r *crashRun) heard(t *testing.T) (failures int) {
	t.Helper()
	bodies := map[string]string{}
	for len(r.at("/sso")) > 0 {
		got := <-r.at("/sso")
		ref := got.header.Get("webhook-id")
		if before, again := bodies[ref]; again && before != got.body {
			t.Errorf("digest %s came with other bytes: %s, %s", ref, before, got.body)
		}
		bodies[ref] = got.body
	}
	for _, body := range bodies {
		failures += readDigest(t, body).EventData.FailureCount
	}
	return failures
}

// F58 of the field: the partner's webhook gets as the mode says.
func TestPartnerHearsOfManyFailuresAsItsNoticeModeSays(t *testing.T) {
	t.Parallel()
	long(t)
	const failures = 300
	for mode, check := range map[string]func(*testing.T, *instance, *crashRun){
		"EACH": func(t *testing.T, s *instance, r *crashRun) {
			modelstest.Eventually(t, "each is told", func() bool {
				return r.count(t, s, "event: [CALLBACK_FAILED], status: "+
					"[SUCCESS]") == failures
			})
			if got := len(r.at("/sso")); got != failures || len(r.digests(t, s)) != 0 {
				t.Errorf("%d notices and %d digests", got, len(r.digests(t, s)))
			}
		},
		"DIGEST": func(t *testing.T, s *instance, r *crashRun) {
			modelstest.Eventually(
				t, "the first digest is there",
				func() bool { return r.count(t, s, "event: [CALLBACKS_FAILED], status: [SUCCESS]") == 1 },
			)
			s.hurry(t)
			modelstest.Eventually(t, "the second one is", func() bool {
				return r.count(t, s, "event: [CALLBACKS_FAILED], "+
					"status: [SUCCESS]") == 2
			})
			if got := len(r.at("/sso")); got != 2 || r.count(t, s, "event: [CALLBACK_FAILED]") != 0 {
				t.Errorf("%d digests", got)
			}
			if got := r.heard(t); got != failures || r.told(t, s) != failures {
				t.Errorf("the partner has heard of %d failures", got)
			}
		},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "none"}})
			h := newHostile(t)
			s.setWebhook(t, h.url("/sso"))
			s.setNoticeMode(t, mode)
			r := failingRun(t, s, h, failures)
			modelstest.Eventually(t, "all have failed", func() bool {
				return r.count(t, s, "event: [CRAWL_FINISHED], status: "+
					"[FAILED]") == failures
			})
			check(t, s, r)
		})
	}
}

func TestKilledBetweenAFailureAndItsDigestTellsOfItOnce(t *testing.T) {
	t.Parallel()
	long(t)
	s := startServer(t, options{process: true, env: crashEnv(vars{"RINGBACK_RETRY_SCHEDULE": "1s"})})
	h := newHostile(t)
	h.on("/sso", hang)
	s.setWebhook(t, h.url("/sso"))
	s.setNoticeMode(t, "DIGEST")
	r := failingRun(t, s, h, 40)
	h.next(t, "/sso") // in flight
	for range 2 {
		s.kill(t)
		s = s.startAgain(t, nil)
		r.accept(t, s, 40)
	}
	h.on("/sso", answers(http.StatusOK, ""))
	modelstest.Eventually(t, "all have failed", func() bool {
		return r.count(t, s, "event: [CRAWL_FINISHED], status: "+
			"[FAILED]") == len(r.made)
	})
	modelstest.Eventually(t, "all is told", func() bool {
		s.hurry(t)
		return r.count(t, s, "event: [CALLBACKS_FAILED], status: [PENDING, RUNNING]") == 0
	})
	// Each is told of when it fails first, and when it is given up.
	if got := r.told(t, s); got != 2*len(r.made) {
		t.Errorf("told of %d failures of %d callbacks", got, len(r.made))
	}
	if got := r.heard(t); got != 2*len(r.made) {
		t.Errorf("the partner has heard of %d failures of %d callbacks", got, len(r.made))
	}
}

// A worker of the release before takes what waits, and a digest with it.
func TestReleaseBeforeDeliversADigest(t *testing.T) {
	t.Parallel()
	long(t)
	needsServices(t)
	env := newEnv(t)
	maps.Copy(
		env,
		vars{
			"DATABASE_URL": storetest.Direct(storetest.URL(t)), "RINGBACK_POOLER": "session",
			"RINGBACK_RETRY_SCHEDULE": "2s,2s,2s",
		},
	)
	program := previousProgram(t)
	s := startServer(t, options{process: true, env: env})
	h := newHostile(t)
	h.on("/sso", answers(http.StatusInternalServerError, "no"))
	s.setWebhook(t, h.url("/sso"))
	s.setNoticeMode(t, "DIGEST")
	r := failingRun(t, s, h, 1)
	body := h.next(t, "/sso").body
	modelstest.Eventually(t, "it waits", func() bool {
		return r.count(t, s, "event: [CALLBACKS_FAILED], status: "+
			"[PENDING]") > 0
	})
	s.kill(t)
	h.on("/sso", answers(http.StatusOK, ""))
	before := start(t, options{process: true, program: program}, s.env)
	var got arrival
	for got.header == nil || got.header.Get("User-Agent") != "Ringback/previous" {
		got = h.next(t, "/sso")
	}
	if got.body != body {
		t.Errorf("it sends %s for %s", got.body, body)
	}
	select {
	case <-before.exited:
		t.Errorf("it has ended: %s", before.stderr)
	default:
	}
}
