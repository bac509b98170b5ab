package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models"
)

const updateProjectQuery = `mutation($input: UpdateProjectInput!) { updateProject(input: $input) { project {
	name primaryDomain apiCallbackUrl apiCallbackHeaders { key value } } } }`

func header(key, value string) map[string]any { return map[string]any{"key": key, "value": value} }

func project(name, domain string, url any, headers ...any) any {
	if headers == nil {
		headers = []any{}
	}
	return map[string]any{"name": name, "primaryDomain": domain, "apiCallbackUrl": url, "apiCallbackHeaders": headers}
}

func TestAnUpdateChangesWhatIsGiven(t *testing.T) {
	t.Parallel()
	const domain = "https://www.example.com"
	old := header("X-Project", projectSecret)
	for _, tc := range []struct {
		name  string
		input variables
		want  any
	}{
		{"nothing", variables{}, project("Site", domain, projectURL, old)},
		{"name", variables{"name": "New"}, project("New", domain, projectURL, old)},
		{
			"domain",
			variables{"primaryDomain": "https://n.example.com"},
			project("Site", "https://n.example.com", projectURL, old),
		},
		{
			"URL", variables{"apiCallbackUrl": "https://n.example.com/"}, project("Site", domain, "https://n.example.com/", old),
		},
		{"URL null", variables{"apiCallbackUrl": nil}, project("Site", domain, nil, old)},
		{
			"headers",
			variables{"apiCallbackHeaders": []any{header("A", "1"), header("B", "")}},
			project("Site", domain, projectURL, header("A", "1"), header("B", "")),
		},
		{"headers null", variables{"apiCallbackHeaders": nil}, project("Site", domain, projectURL)},
		{"headers empty", variables{"apiCallbackHeaders": []any{}}, project("Site", domain, projectURL)},
		{
			"one header without a list",
			variables{"apiCallbackHeaders": header("A", "1")},
			project("Site", domain, projectURL, header("A", "1")),
		},
		{"both null", variables{"apiCallbackUrl": nil, "apiCallbackHeaders": nil}, project("Site", domain, nil)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tc.input["projectId"] = demoProject
			a := w.ok(w.editor(), updateProjectQuery, variables{"input": tc.input})
			if diff := cmp.Diff(tc.want, a.at("updateProject.project")); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			a = w.ok(
				w.editor(), `{ getProject(id: 1123123) { name primaryDomain apiCallbackUrl apiCallbackHeaders { key value } } }`,
				nil,
			)
			if diff := cmp.Diff(tc.want, a.at("getProject")); diff != "" {
				t.Errorf("afterwards (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnAccountIsUpdatedByTheSameRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const query = `mutation($input: UpdateAccountInput!) { updateAccount(input: $input) { account {
		name timezone apiCallbackUrl apiCallbackHeaders { key value } } } }`
	for _, step := range []struct {
		input variables
		want  string
	}{
		{variables{}, "map[apiCallbackHeaders:[map[key:Authorization value:" + accountSecret + "]] apiCallbackUrl:" + accountURL +
			" name:Demo timezone:Europe/London]"},
		{
			variables{"timezone": "Asia/Tokyo", "name": "A", "apiCallbackHeaders": nil},
			"map[apiCallbackHeaders:[] apiCallbackUrl:" + accountURL + " name:A timezone:Asia/Tokyo]",
		},
		{variables{"apiCallbackUrl": nil}, "map[apiCallbackHeaders:[] apiCallbackUrl:<nil> name:A timezone:Asia/Tokyo]"},
		{
			variables{"apiCallbackUrl": "http://n.example.com:8080/a?b=c"},
			"map[apiCallbackHeaders:[] apiCallbackUrl:http://n.example.com:8080/a?b=c name:A timezone:Asia/Tokyo]",
		},
	} {
		step.input["accountId"] = demoAccount
		if got := w.ok(w.admin(), query, variables{"input": step.input}).text("updateAccount.account"); got != step.want {
			t.Errorf("%v:\n got %s\nwant %s", step.input, got, step.want)
		}
	}
}

func TestAnSSOClientIsUpdatedByTheSameRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const query = `mutation($input: UpdateSSOClientInput!) { updateSSOClient(input: $input) { ssoClient {
		name webhookUrl webhookHeaders { key value } } } }`
	set := func(input variables) string {
		input["ssoClientId"] = "1"
		return w.ok(platform(), query, variables{"input": input}).text("updateSSOClient.ssoClient")
	}
	for _, step := range []struct {
		input variables
		want  string
	}{
		{
			variables{},
			"map[name:Acme SSO webhookHeaders:[map[key:Authorization value:" + webhookSecret + "]] webhookUrl:" + webhookURL +
				"]",
		},
		{variables{"webhookHeaders": nil}, "map[name:Acme SSO webhookHeaders:[] webhookUrl:" + webhookURL + "]"},
		{variables{"webhookUrl": nil, "name": "B"}, "map[name:B webhookHeaders:[] webhookUrl:<nil>]"},
	} {
		if got := set(step.input); got != step.want {
			t.Errorf("%v:\n got %s\nwant %s", step.input, got, step.want)
		}
	}
	w.do(platform(), query, variables{"input": variables{"ssoClientId": 1, "webhookUrl": "ftp://a"}}).
		wantError(models.CodeBadUserInput, "webhookUrl", "updateSSOClient")
}

func TestAnInvalidUpdateNamesTheFieldAndChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.editor()
	many := make([]any, models.MaxHeaders+1)
	for i := range many {
		many[i] = header(fmt.Sprintf("X-%d", i), "a")
	}
	before := w.dump()
	for field, values := range map[string][]any{
		"apiCallbackUrl": {
			"", "example.com", "//example.com/a", "ftp://example.com", "https://", "https://user:pass@example.com",
			"https://example.com/#a",
			"https://example.com/a b", "https://example.com:0/", "https://example.com:99999/",
			"https://e.example.com/" + strings.Repeat("a", 2048),
		},
		"apiCallbackHeaders": {many},
		"apiCallbackHeaders.0.key": {
			[]any{header("", "a")},
			[]any{header("A B", "a")},
			[]any{header("A:", "a")},
			[]any{header("Host", "a")},
			[]any{header("Content-Type", "a")},
			[]any{header("WEBHOOK-id", "a")},
			[]any{header("X-Callback-Ref", "a")},
			[]any{header("X-Run-Callback", "a")},
			[]any{header("Proxy-Authorization", "a")},
			[]any{header(strings.Repeat("A", models.MaxHeaderBytes+1), "a")},
		},
		"apiCallbackHeaders.0.value": {
			[]any{header("A", "b\r\nC: d")},
			[]any{header("A", "é")},
			[]any{header("A", strings.Repeat("a", models.MaxHeaderBytes+1))},
		},
		"apiCallbackHeaders.1.key": {[]any{header("A", "1"), header("a", "2")}},
		"name":                     {"", " ", nil, strings.Repeat("a", 256)},
		"primaryDomain":            {"", nil, strings.Repeat("a", 2049)},
	} {
		for _, value := range values {
			top, _, _ := strings.Cut(field, ".")
			input := variables{"projectId": demoProject, "name": "Changed", top: value}
			w.do(who, updateProjectQuery, variables{"input": input}).wantError(models.CodeBadUserInput, field, "updateProject")
		}
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("the database changed (-before +after):\n%s", diff)
	}
}

// TestEveryProblemOfAnInputIsAnErrorOfItsOwn, at most 20 of them.
func TestEveryProblemOfAnInputIsAnErrorOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.editor()
	before := w.dump()
	a := w.do(who, updateProjectQuery, variables{"input": variables{
		"projectId": demoProject, "name": " ", "primaryDomain": "",
		"apiCallbackUrl":     "https://user:pass@example..com/#a",
		"apiCallbackHeaders": []any{header("Host", "a"), header("A", "b\n")},
	}})
	var fields []string
	for _, e := range a.Errors {
		fields = append(fields, fmt.Sprintf("%v %v %v", e.Path, e.Extensions["code"], e.Extensions["field"]))
	}
	slices.Sort(fields)
	want := []string{
		"[updateProject] BAD_USER_INPUT apiCallbackHeaders.0.key", "[updateProject] BAD_USER_INPUT " +
			"apiCallbackHeaders.1.value",
		"[updateProject] BAD_USER_INPUT apiCallbackUrl", "[updateProject] BAD_USER_INPUT apiCallbackUrl",
		"[updateProject] BAD_USER_INPUT apiCallbackUrl",
		"[updateProject] BAD_USER_INPUT name", "[updateProject] BAD_USER_INPUT primaryDomain",
	}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("the errors (-want +got):\n%s", diff)
	}
	many := make([]any, models.MaxHeaders)
	for i := range many {
		many[i] = header(fmt.Sprintf("Proxy-%d", i), "a ")
	}
	a = w.do(who, updateProjectQuery, variables{"input": variables{"projectId": demoProject, "apiCallbackHeaders": many}})
	if n := len(a.Errors); n != graph.MaxProblems || !strings.Contains(a.Errors[n-1].Message, "(and 20 problems more)") {
		t.Errorf("%d errors, %+v", n, a.Errors[n-1])
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("the database changed (-before +after):\n%s", diff)
	}
}

func TestSingleVariablesInsideTheInputWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const query = `mutation Update($token: String!, $url: String, $project: ObjectID!) { updateProject(input: { projectId: $project,
		apiCallbackUrl: $url, apiCallbackHeaders: [{ key: "Authorization", value: $token }, { key: "X-Fixed", value: "1" }] }) {
		project { apiCallbackUrl apiCallbackHeaders { key value } } } }`
	vars := variables{"token": "Bearer abc", "url": "https://n.example.com/", "project": "TjAwNlByb2plY3QxMjM"}
	a := w.ok(w.editor(), query, vars)
	want := map[string]any{
		"apiCallbackUrl":     "https://n.example.com/",
		"apiCallbackHeaders": []any{header("Authorization", "Bearer abc"), header("X-Fixed", "1")},
	}
	if diff := cmp.Diff(any(want), a.at("updateProject.project")); diff != "" {
		t.Error(diff)
	}
	delete(vars, "url") // a variable that is left out leaves its field out
	if got := w.ok(w.editor(), query, vars).at("updateProject.project.apiCallbackUrl"); got != "https://n.example.com/" {
		t.Errorf("left out: %v", got)
	}
	vars["url"] = nil
	if got := w.ok(w.editor(), query, vars).at("updateProject.project.apiCallbackUrl"); got != nil {
		t.Errorf("null: %v", got)
	}
}

func TestAVariableWithoutAValueLeavesItsFieldOutInFragmentsToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const update = `updateProject(input: {projectId: 1123123, name: "New", apiCallbackUrl: $url}) { project { name apiCallbackUrl } }`
	for _, query := range []string{
		`mutation($url: String) { ...f } fragment f on Mutation { ` + update + ` }`,
		`mutation($url: String) { ... { ` + update + ` } }`,
		`mutation($url: String) { ...f } fragment f on Mutation { ...g } fragment g on Mutation { ... on Mutation { ` + update + ` } }`,
	} {
		if got := w.ok(w.editor(), query, nil).at("updateProject.project.apiCallbackUrl"); got != projectURL {
			t.Errorf("%s: %v", query, got)
		}
	}
}

func TestFinishingTwiceGivesTheSameAndWakesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const query = `mutation { finishCrawl(input: {crawlId: 124235, projectId: 1123123, createdByUserId: 123123}) {
		crawl { id status } callback { uid status payload } } }`
	first := w.ok(platform(), query, nil)
	if woke := w.queue.Take(); len(woke) != 1 {
		t.Errorf("woken: %v", woke)
	}
	w.unchanged(func() {
		if again := w.ok(platform(), query, nil); again.Body != first.Body {
			t.Errorf("%s\n%s", first.Body, again.Body)
		}
	})
	a := w.ok(
		platform(),
		`mutation { finishCrawl(input: {crawlId: 9, projectId: 123, kind: TestSuiteBuild}) { crawl { kind } callback { uid } } }`,
		nil,
	)
	if a.at("finishCrawl.callback") != nil || a.at("finishCrawl.crawl.kind") != "TestSuiteBuild" {
		t.Error(a.Body)
	}
}
