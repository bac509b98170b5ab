package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/ringback/ringback/models/modelstest"
)

// rest sends a request to one of the REST doors.
func (s *instance) rest(
	t *testing.T, who http.Header, method, path, body string,
) (status int, answer string, header http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = who.Clone()
	response, err := s.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text), response.Header
}

// A caller who knows nothing but a project's key sets work going, hears of it, and reads what became of that.
func TestARunByRESTCallsBack(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	h.on("/extract", answers(http.StatusOK, `{"results": [{"employees": 400}]}`))
	h.on("/hook", then(answers(http.StatusInternalServerError, ""), answers(http.StatusAccepted, "thanks")))
	s := startServer(t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "100ms"}})
	ask[any](t, s, s.platform(), `mutation($url: String!) { createAction(input: {accountId: 123123, name: "extract", executorUrl: $url}) { action { id } } }`,
		anyMap{"url": h.url("/extract")})
	_, key := s.newProjectKey(t, s.newProject(t, ""))
	status, body, _ := s.rest(t, key, http.MethodPost, "/v1/actions/extract/run/async",
		`{"inputs": [{"name": "Acme", "custom_data": {"n": 1.50}}], "callback": {"url": "`+h.url("/hook")+`", "on": "final"}}`)
	var run struct {
		UID string `json:"run_uid"`
	}
	if err := json.Unmarshal([]byte(body), &run); err != nil || status != http.StatusOK {
		t.Fatalf("HTTP %d: %s", status, body)
	}
	first, second := h.next(t, "/hook"), h.next(t, "/hook")
	if first.body != second.body ||
		!strings.Contains(
			first.body,
			`"status":"SUCCEEDED","callback_count":0,"output_count":1},"input":{"name":"Acme"},"custom_data":{"n":1.50},"error":null`,
		) {
		t.Errorf("called back with %s and then %s", first.body, second.body)
	}
	modelstest.Eventually(t, "the log has its success", func() bool {
		_, body, _ = s.rest(t, key, http.MethodGet, "/v1/runs/callbacks?status=SUCCESS&run_uid="+run.UID, "")
		return body != "[]\n"
	})
	for _, want := range []string{
		`"retry_count":1`, `"http_status":202`, `"http_response":{"body":"thanks"}`, `"error":null`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}

func TestRESTAnswersWithTheIDOfTheRequest(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{bare: true})
	if status, body, _ := s.rest(t, http.Header{}, http.MethodGet, "/v1/openapi.json", ""); status != http.StatusOK ||
		!strings.Contains(body, `"openapi":"3.`) {
		t.Errorf("HTTP %d: %.100s", status, body)
	}
	for path, want := range map[string]int{
		"/v1/runs/callbacks": http.StatusUnauthorized, "/v1/": http.StatusNotFound, "/v1/nothing": http.StatusNotFound,
	} {
		status, body, header := s.rest(t, http.Header{}, http.MethodGet, path, "")
		id := header.Get("X-Request-Id")
		if status != want || id == "" || !strings.Contains(body, `"error_ref":"`+id+`"`) {
			t.Errorf("%s: HTTP %d: %s", path, status, body)
		}
	}
}

func TestConfiguredOriginsMayReadAndNameTheProjectByREST(t *testing.T) {
	t.Parallel()
	const origin = "https://app.example.com"
	s := startServer(t, options{bare: true, env: vars{"RINGBACK_CORS_ORIGINS": origin}})
	for path, methods := range map[string][]string{
		"/v1/runs/callbacks": {http.MethodGet, http.MethodPost}, "/graphql": {http.MethodGet, http.MethodPost},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			_, _, header := s.rest(t, http.Header{
				"Origin": {origin}, "Access-Control-Request-Method": {method},
				"Access-Control-Request-Headers": {"idempotency-key,x-api-key,x-project-id"},
			}, http.MethodOptions, path, "")
			allowed := header.Get("Access-Control-Allow-Methods")
			if want := strings.Contains(strings.Join(methods, ","), method); (allowed == method) != want {
				t.Errorf("%s: %s is allowed: %q", path, method, allowed)
			}
		}
	}
	_, _, header := s.rest(t, http.Header{"Origin": {origin}}, http.MethodGet, "/v1/openapi.json", "")
	if header.Get("Access-Control-Allow-Origin") != origin {
		t.Errorf("the answer is not for %s: %v", origin, header)
	}
}

// A path that is written in another way is no other name of anything: nobody is sent to another path, and every answer is
// JSON.
func TestAPathThatIsWrittenInAnotherWayIsNotFound(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{bare: true})
	s.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, path := range []string{
		"/v1//runs/callbacks", "//v1/runs/callbacks", "/v1/./openapi.json", "/v1/jobs/../openapi.json", "/v1/openapi.json/",
		"/v1//", "/v1", "/./v1/x", "/x/../v1/openapi.json", "/v1/actions//run/async",
		"//", "//graphql", "/v1/../graphql", "/graphql/.", "/explorer//",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			status, body, header := s.rest(t, http.Header{}, method, path, "{}")
			if status != http.StatusNotFound || header.Get("Content-Type") != "application/json" ||
				!strings.Contains(body, `"error_label":"NOT_FOUND"`) {
				t.Errorf("%s %s: HTTP %d, %v: %s", method, path, status, header, body)
			}
		}
	}
	if status, body, _ := s.rest(t, http.Header{}, http.MethodGet, "/v1/openapi.json", ""); status != http.StatusOK {
		t.Errorf("HTTP %d: %s", status, body)
	}
}
