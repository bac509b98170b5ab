package graph_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models"
)

func TestWhatIsPostedIsJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tc := range []struct{ name, method, target, contentType, body, says string }{
		{"text/plain", http.MethodPost, "/graphql", "text/plain", `{"query":"{version}"}`, "another type"},
		{"form", http.MethodPost, "/graphql", "application/x-www-form-urlencoded", `query={version}`, "-H 'Content-Type: application/json'"},
		{"multipart", http.MethodPost, "/graphql", "multipart/form-data; boundary=x", "--x--", "another type"},
		{"graphql", http.MethodPost, "/graphql", "application/graphql", `{version}`, "another type"},
		{"nothing said", http.MethodPost, "/graphql", "", `{"query":"{version}"}`, "send the header Content-Type: application/json"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(tc.method, tc.target, strings.NewReader(tc.body))
			if tc.contentType != "" {
				r.Header.Set("Content-Type", tc.contentType)
			}
			a := w.in(t).send(r)
			if a.Status != http.StatusUnsupportedMediaType || len(a.Errors) != 1 || strings.Contains(a.Body, testVersion) {
				t.Errorf("status %d: %s", a.Status, a.Body)
			}
			if got := a.Errors[0].Message; !strings.Contains(got, tc.says) {
				t.Errorf("it does not say %q: %s", tc.says, got)
			}
		})
	}
}

func TestABodyOverOneMebibyteIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := func(size int) string {
		const frame = `{"query":"{version}","variables":{"a":""}}`
		return strings.Replace(frame, `""`, `"`+strings.Repeat("a", size-len(frame))+`"`, 1)
	}
	for _, tc := range []struct {
		who   caller
		limit int
	}{{w.admin(), models.MaxBodyBytes}, {platform(), models.MaxBodyBytes}, {caller{}, graph.MaxStrangersBytes}} {
		if a := w.post(tc.who, body(tc.limit)); a.at("version") != testVersion {
			t.Errorf("exactly %d: %.200s", tc.limit, a.Body)
		}
		if a := w.post(tc.who, body(tc.limit+1)); a.Status != http.StatusRequestEntityTooLarge || len(a.Errors) != 1 ||
			a.Data != nil {
			t.Errorf("one byte more: %.200s", a.Body)
		}
	}
}

func TestADocumentOfTooManyTokensIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	document := func(tokens int) string {
		var b strings.Builder
		for range tokens {
			b.WriteString(" version")
		}
		return "{" + b.String() + " }"
	}
	if a := w.do(caller{}, document(graph.MaxTokens-10), nil); len(a.Errors) > 0 {
		t.Errorf("below the limit: %.200s", a.Body)
	}
	a := w.do(caller{}, document(graph.MaxTokens+10), nil)
	if a.code() != "GRAPHQL_PARSE_FAILED" || !strings.Contains(a.Errors[0].Message, "token limit") {
		t.Errorf("over the limit: %.200s", a.Body)
	}
}

func TestAListCostsWhatItAsksFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const nested = `{ getAccount(id: 123123) { projects(first: %d) { nodes { callbacks(first: %d) { nodes { uid } } } } } }`
	const cheap = `{ getAccount(id: 123123) { callbacks(first: 100) { nodes { id uid ref event status targetUrl contentType payload
		attemptCount httpStatus error { code message } nextAttemptAt createdAt finishedAt attempts { nodes { uid number url startedAt
		durationMs timings { dnsMs connectMs tlsMs firstByteMs } httpStatus error { code message } responseBody } } } } } }`
	const tower = `{ me { accounts { nodes { projects { nodes { callbacks { nodes { attempts { nodes { uid } } } } } } } } } }`
	const counts = `{ getAccount(id: 123123) { projects(first: 100) { nodes { callbacks(first: 100) { totalCount } } } } }`
	const lists = `{ getAccount(id: 123123) { projects(first: 100) { nodes { runs(first: 50) { nodes { callbacks(first: 1) { nodes { uid } } } } } } } }`
	for _, tc := range []struct {
		name, query string
		refused     bool
	}{
		{"a full page with its attempts", cheap, false},
		{"20 of 100", fmt.Sprintf(nested, 100, 20), false},
		{"100 of 100", fmt.Sprintf(nested, 100, 100), false},
		{"defaults, four levels deep", tower, true},
		{"counts in a list of lists", counts, true},
		{"lists in a list of lists", lists, true},
		{"a huge first costs no more than 100", fmt.Sprintf(nested, 1, 1_000_000), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a := w.in(t).do(w.admin(), tc.query, nil)
			if got := a.code() == "COMPLEXITY_LIMIT_EXCEEDED"; got != tc.refused {
				t.Errorf("refused %v: %.300s", got, a.Body)
			}
		})
	}
}

func TestAFilterHasAHundredValuesOfAKindAtMost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tc := range []struct{ list, filter, field, value string }{
		{"callbacks", "CallbackFilter", "status", "FAILED"},
		{"callbacks", "CallbackFilter", "event", "RUN_RESULT"},
		{"runs", "RunFilter", "status", "FAILED"},
		{"runs", "RunFilter", "action", "search"},
		{"jobs", "JobFilter", "state", "FAILED"},
	} {
		query := fmt.Sprintf(
			`query($filter: %s) { getProject(id: 123) { %s(filter: $filter) { totalCount } } }`, tc.filter, tc.list,
		)
		filter := func(n int) map[string]any {
			return map[string]any{"filter": map[string]any{tc.field: slices.Repeat([]string{tc.value}, n)}}
		}
		if a := w.do(w.admin(), query, filter(models.MaxFilterValues)); len(a.Errors) > 0 {
			t.Errorf("%s, %s: %.300s", tc.list, tc.field, a.Body)
		}
		a := w.do(w.admin(), query, filter(models.MaxFilterValues+1))
		if a.code() != "BAD_USER_INPUT" || a.Errors[0].Extensions["field"] != "filter."+tc.field {
			t.Errorf("one more, %s, %s: %.300s", tc.list, tc.field, a.Body)
		}
	}
}

func TestAMutationOfManyJobsCostsWhatItAsksFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.editor()
	const query = `mutation { createJobs(input: {projectId: 123, inputs: [1, 2]}) { jobs { %s } } }`
	for name, fields := range map[string]string{
		"callbacks":           `callbacks(first: 100) { nodes { uid } }`,
		"few callbacks":       `callbacks(first: 20) { nodes { uid event } }`,
		"the count of them":   `callbacks(first: 5) { totalCount }`,
		"the project's lists": `project { jobs(first: 100) { nodes { uuid } } }`,
	} {
		w.unchanged(func() {
			if a := w.do(who, fmt.Sprintf(query, fields), nil); a.code() != "COMPLEXITY_LIMIT_EXCEEDED" {
				t.Errorf("%s: %.300s", name, a.Body)
			}
		})
	}
	for _, fields := range []string{`uuid`, `id rawID ` + jobFields} {
		w.ok(who, fmt.Sprintf(query, fields), nil)
	}
}

func TestAListOfRunsCostsWhatItAsksFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const query = `query($runs: Int!, $batches: Int!) { getProject(id: 123) { runs(first: $runs) { nodes { uid status
		batches(first: $batches) { nodes { uid status attempts { number httpStatus } } } } } } }`
	for _, tc := range []struct {
		runs, batches int
		refused       bool
	}{{1, 100, false}, {100, 1, false}, {40, 100, false}, {100, 100, true}} {
		a := w.do(w.viewer(), query, variables{"runs": tc.runs, "batches": tc.batches})
		if got := a.code() == "COMPLEXITY_LIMIT_EXCEEDED"; got != tc.refused {
			t.Errorf("%v: %.300s", tc, a.Body)
		}
	}
	w.ok(w.viewer(), `{ getRun(id: 1) { id rawID uid `+runFields+` batches(first: 100) { totalCount nodes { uid page status input customData results resultCount
		error { message label scope statusCode params ref } attemptCount nextAttemptAt createdAt startedAt finishedAt
		attempts { uid number startedAt durationMs httpStatus errorCode } } }
		callbacks(first: 100) { totalCount nodes { id uid ref event status targetUrl payload batch { uid } attempts(first: 20) { nodes { uid number httpStatus responseBody } } } }
		results(first: 100) { totalCount nodes } } }`, nil)
}

func TestAVariableCountsInTheComplexityToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const query = `query($n: Int!) { getAccount(id: 123123) { projects(first: $n) { nodes {
		callbacks(first: $n) { nodes { attempts(first: 10) { nodes { uid } } } } } } } }`
	w.ok(w.admin(), query, variables{"n": 20})
	if a := w.do(w.admin(), query, variables{"n": 100}); a.code() != "COMPLEXITY_LIMIT_EXCEEDED" {
		t.Error(a.Body)
	}
}

func TestFirstIsBetween1And100(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, query := range listFields() {
		for _, first := range []int{0, 101, -1} {
			a := w.do(w.askerOf(path), fmt.Sprintf(query, fmt.Sprintf("first: %d", first)), nil)
			a.wantError(models.CodeBadUserInput, "first", path)
		}
		for _, first := range []string{"1", "100", "null"} {
			w.ok(w.askerOf(path), fmt.Sprintf(query, "first: "+first), nil)
		}
	}
}

func TestACursorMustBeOneOfOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, query := range listFields() {
		for _, after := range []string{"", "x", "bm90IGEgY3Vyc29y", "MTI6"} {
			a := w.do(w.askerOf(path), fmt.Sprintf(query, `after: `+quote(after)), nil)
			a.wantError(models.CodeBadUserInput, "after", path)
		}
	}
}

// listFields has an operation for each connection by the path of its field, with %s for the arguments.
func listFields() map[string]string {
	lists := map[string]string{
		"accounts":                 `{ accounts(%s) { totalCount } }`,
		"callbacks":                `{ callbacks(%s) { totalCount } }`,
		"ssoClients":               `{ ssoClients(%s) { totalCount } }`,
		"getAccount.users":         `{ getAccount(id: 123123) { users(%s) { totalCount } } }`,
		"getAccount.bulkReplays":   `{ getAccount(id: 123123) { bulkReplays(%s) { totalCount } } }`,
		"getSSOClient.bulkReplays": `{ getSSOClient(id: 1) { bulkReplays(%s) { totalCount } } }`,
		"getProject.bulkReplays":   `{ getProject(id: 1123123) { bulkReplays(%s) { totalCount } } }`,
		"getProject.crawls":        `{ getProject(id: 1123123) { crawls(%s) { totalCount } } }`,
		"me.sessions":              `{ me { sessions(%s) { totalCount } } }`,
		"me.accounts":              `{ me { accounts(%s) { totalCount } } }`,
		"getAccount.projects":      `{ getAccount(id: 123123) { projects(%s) { totalCount } } }`,
		"getAccount.callbacks":     `{ getAccount(id: 123123) { callbacks(%s) { totalCount } } }`,
		"getProject.callbacks":     `{ getProject(id: 1123123) { callbacks(%s) { totalCount } } }`,
		"getCrawl.callbacks":       `{ getCrawl(id: 124234) { callbacks(%s) { totalCount } } }`,
		"getSSOClient.accounts":    `{ getSSOClient(id: 1) { accounts(%s) { totalCount } } }`,
		"getSSOClient.callbacks":   `{ getSSOClient(id: 1) { callbacks(%s) { totalCount } } }`,
		"getCallback.attempts":     `{ getCallback(id: 1) { attempts(%s) { totalCount } } }`,
		"getAccount.actions":       `{ getAccount(id: 123123) { actions(%s) { totalCount } } }`,
		"getProject.runs":          `{ getProject(id: 1123123) { runs(%s) { totalCount } } }`,
		"getProject.schedules":     `{ getProject(id: 1123123) { schedules(%s) { totalCount } } }`,
		"getSchedule.runs":         `{ getSchedule(id: 1) { runs(%s) { totalCount } } }`,
		"getRun.batches":           `{ getRun(id: 1) { batches(%s) { totalCount } } }`,
		"getRun.callbacks":         `{ getRun(id: 1) { callbacks(%s) { totalCount } } }`,
		"getRun.results":           `{ getRun(id: 1) { results(%s) { totalCount } } }`,
	}
	for _, test := range apiTests {
		maps.Copy(lists, test.lists)
	}
	return lists
}

func TestEveryConnectionIsTested(t *testing.T) {
	t.Parallel()
	lists := 0
	for _, d := range schema().Types {
		for _, f := range d.Fields {
			if strings.HasSuffix(f.Type.Name(), "Connection") {
				lists++
				if f.Arguments.ForName("first") == nil || f.Arguments.ForName("after") == nil {
					t.Errorf("%s.%s has no first or no after", d.Name, f.Name)
				}
			}
		}
	}
	if lists != len(listFields()) {
		t.Errorf("the schema has %d connections, the tests %d", lists, len(listFields()))
	}
}

func TestIntrospectionWorksForEveryone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ok(
		caller{}, `{ __schema { queryType { name } types { name fields { name type { name kind ofType { name } } } } } }`,
		nil,
	)
	if a.at("__schema.queryType.name") != "Query" || len(a.list("__schema.types")) < 50 {
		t.Errorf("%.300s", a.Body)
	}
}
