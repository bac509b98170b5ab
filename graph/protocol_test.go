package graph_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models"
)

// dear costs more than an operation may.
const dear = `{ getAccount(id: 123123) { projects(first: 100) { nodes { callbacks(first: 100) { nodes { attempts { nodes { number } } } } } } } }`

const (
	plainJSON    = "application/json"
	responseJSON = "application/graphql-response+json"
)

func query(parameters ...string) string {
	q := url.Values{}
	for i := 0; i < len(parameters); i += 2 {
		q.Set(parameters[i], parameters[i+1])
	}
	return "/graphql?" + q.Encode()
}

// TestProtocolIsGraphQLOverHTTP: methods, media types, and what an operation that is not carried out looks like.
func TestProtocolIsGraphQLOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tooDear := `{"query":"` + dear + `"}`
	const version, broken, change = `{"query":"{version}"}`, `{"query":"{ version "}`, `mutation { deleteSession { token } }`
	for name, c := range map[string]struct {
		method, target, accept, contentType, body string
		status                                    int
		media, allow                              string
	}{
		"POST":                   {"POST", "/graphql", "", plainJSON, version, 200, plainJSON, ""},
		"its newer type":         {"POST", "/graphql", responseJSON, plainJSON, version, 200, responseJSON, ""},
		"a list of types":        {"POST", "/graphql", responseJSON + ", application/json;q=0.9, text/event-stream", plainJSON, version, 200, responseJSON, ""},
		"anything":               {"POST", "/graphql", "*/*", plainJSON, version, 200, plainJSON, ""},
		"GET":                    {"GET", query("query", "{version}"), "", "", "", 200, plainJSON, ""},
		"GET with variables":     {"GET", query("query", "query a($b: Boolean!) { version @include(if: $b) }", "operationName", "a", "variables", `{"b": true}`), "", "", "", 200, plainJSON, ""},
		"GET of a mutation":      {"GET", query("query", change), "", "", "", 405, plainJSON, "POST"},
		"GET of nothing":         {"GET", "/graphql", "", "", "", 400, plainJSON, ""},
		"GET with no JSON":       {"GET", query("query", "{version}", "variables", "{"), "", "", "", 400, plainJSON, ""},
		"PUT":                    {"PUT", "/graphql", "", plainJSON, version, 405, plainJSON, "GET, POST"},
		"a page":                 {"POST", "/graphql", "text/html", plainJSON, version, 406, plainJSON, ""},
		"a form":                 {"POST", "/graphql", "", "application/x-www-form-urlencoded", "query={version}", 415, plainJSON, ""},
		"broken, older type":     {"POST", "/graphql", plainJSON, plainJSON, broken, 200, plainJSON, ""},
		"broken, newer type":     {"POST", "/graphql", responseJSON, plainJSON, broken, 400, responseJSON, ""},
		"too dear, newer type":   {"POST", "/graphql", responseJSON, plainJSON, tooDear, 400, responseJSON, ""},
		"too dear, broken":       {"POST", "/graphql", plainJSON, plainJSON, tooDear, 200, plainJSON, ""},
		"no hash, newer type":    {"POST", "/graphql", responseJSON, plainJSON, `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"aaaa"}}}`, 400, responseJSON, ""},
		"an id of too many":      {"POST", "/graphql", responseJSON, plainJSON, `{"query":"{ node(id: 11111111111111111111111) { id } }"}`, 400, responseJSON, ""},
		"no subscription":        {"POST", "/graphql", responseJSON, plainJSON, `{"query":"subscription { callbackChanged(projectId: 123) { cursor } }"}`, 400, responseJSON, ""},
		"no JSON, newer type":    {"POST", "/graphql", responseJSON, plainJSON, "{", 400, responseJSON, ""},
		"for want of a token":    {"POST", "/graphql", "", plainJSON, `{"query":"{ me { id } getProject(id: 123) { id } }"}`, 401, plainJSON, ""},
		"for want of it in part": {"POST", "/graphql", "", plainJSON, `{"query":"{ version getProject(id: 123) { id } }"}`, 200, plainJSON, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(c.method, c.target, strings.NewReader(c.body))
			for header, value := range map[string]string{"Accept": c.accept, "Content-Type": c.contentType} {
				if value != "" {
					r.Header.Set(header, value)
				}
			}
			a := w.in(t).send(r)
			if a.Status != c.status || a.Header.Get("Content-Type") != c.media || a.Header.Get("Allow") != c.allow {
				t.Errorf("status %d, headers %v: %s", a.Status, a.Header, a.Body)
			}
			carriedOut := strings.Contains(name, "want") || c.status == 200 && !strings.Contains(name, "broken")
			if strings.Contains(a.Body, `"data"`) != carriedOut {
				t.Error(a.Body)
			}
		})
	}
}

func TestCostIsToldWhereItIsAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := httptest.NewRequest(http.MethodGet, query("query", dear), nil)
	r.Header.Set("X-Query-Cost", "true")
	if a := w.send(r); !strings.Contains(a.Body, "complexity") || strings.Contains(a.Body, `"requested":null`) || !strings.Contains(a.Body, `"requested":`) {
		t.Error(a.Body)
	}
	for _, asked := range []bool{false, true} {
		r := httptest.NewRequest(http.MethodGet, query("query", "{ version }"), nil)
		if asked {
			r.Header.Set("X-Query-Cost", "true")
		}
		a := w.send(r)
		if got := strings.Contains(a.Body, `"extensions":{"cost":{"limit":50000,"requested":1}}`); got != asked {
			t.Error(a.Body)
		}
	}
}

func TestSchemaIsServedAsItIsWritten(t *testing.T) {
	t.Parallel()
	recorder := httptest.NewRecorder()
	graph.ServeSchema(recorder, httptest.NewRequest(http.MethodGet, "/schema.graphqls", nil))
	body := recorder.Body.String()
	for _, want := range []string{"type BulkReplay implements Node", "input CallbackOwnerInput @oneOf", "directive @allow", "scalar DateTime"} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

// TestADocumentIsNamedByItsHash: by what clients of persisted queries do, unasked and by GET too.
func TestADocumentIsNamedByItsHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const named = "query Named { version }"
	hash := fmt.Sprintf("%x", sha256.Sum256([]byte(named)))
	extensions := `{"persistedQuery":{"version":1,"sha256Hash":"` + hash + `"}}`
	for _, step := range []struct{ method, target, body, has string }{
		{"POST", "/graphql", `{"extensions":` + extensions + `}`, `"message":"PersistedQueryNotFound","extensions":{"code":"PERSISTED_QUERY_NOT_FOUND"}`},
		{"POST", "/graphql", `{"query":"{ version }","extensions":` + extensions + `}`, `is not that of the document`},
		{"GET", query("extensions", extensions), "", "PersistedQueryNotFound"},
		{"POST", "/graphql", `{"query":"` + named + `","extensions":` + extensions + `}`, `{"data":{"version":`},
		{"POST", "/graphql", `{"extensions":` + extensions + `}`, `{"data":{"version":`},
		{"GET", query("extensions", extensions), "", `{"data":{"version":`},
		{"POST", "/graphql", `{"extensions":{"persistedQuery":[1]}}`, "has no operation"},
	} {
		r := httptest.NewRequest(step.method, step.target, strings.NewReader(step.body))
		r.Header.Set("Content-Type", plainJSON)
		answer := httptest.NewRecorder()
		w.handler.ServeHTTP(answer, r)
		if !strings.Contains(answer.Body.String(), step.has) {
			t.Errorf("%s %s: %s", step.method, step.body, answer.Body)
		}
	}
}

// TestDeferDefersNothing: a server may answer @defer at once, and this one does. What gqlgen defers nobody would wait for.
func TestDeferDefersNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, fragment := range map[string]string{
		"in place":    `... @defer { account { id } }`,
		"with a name": `...P @defer(label: "late") ... on Project { ...P @defer }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document := `query($id: ObjectID!) { getProject(id: $id) { id ` + fragment + ` } } fragment P on Project { account { id } }`
			if name == "in place" {
				document, _, _ = strings.Cut(document, " fragment P")
			}
			a := w.in(t).ok(w.viewer(), document, variables{"id": demoProject})
			if !strings.Contains(a.Body, `"account":{"id":`) || strings.Contains(a.Body, "hasNext") {
				t.Error(a.Body)
			}
		})
	}
}

func TestABodyIsOneJSONObject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for body, status := range map[string]int{
		`{"query":"{ version }"}` + " \n": http.StatusOK,
		`{"query":"{ version }"} {}`:      http.StatusBadRequest, `{"query":"{ version }"}x`: http.StatusBadRequest,
		`{"query":"{ version }"`: http.StatusBadRequest, ``: http.StatusBadRequest,
	} {
		a := w.post(caller{}, body)
		if a.Status != status || status != http.StatusOK && a.code() != string(models.CodeBadUserInput) {
			t.Errorf("%s: HTTP %d: %s", body, a.Status, a.Body)
		}
	}
}
