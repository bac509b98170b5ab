package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
)

const createActionQuery = `mutation($input: CreateActionInput!) { createAction(input: $input) { action {
	name executorUrl executorHeaders { key value } pageSize timeout createdAt updatedAt } } }`

// newAction is an input of createAction, with what is given laid over the least.
func newAction(given variables) variables {
	input := variables{"accountId": demoAccount, "name": "new", "executorUrl": executorURL}
	for field, value := range given {
		input[field] = value
	}
	return variables{"input": input}
}

func TestAnActionIsMadeAndChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := models.FormatTime(start)
	for name, tc := range map[string]struct{ given, want variables }{
		"least":         {nil, nil},
		"nulls":         {variables{"executorHeaders": nil, "pageSize": nil, "timeout": nil}, nil},
		"one":           {variables{"pageSize": 1, "timeout": "1s"}, variables{"pageSize": 1.0, "timeout": "1s"}},
		"most":          {variables{"pageSize": 1000, "timeout": "10m"}, variables{"pageSize": 1000.0, "timeout": "10m"}},
		"seconds":       {variables{"timeout": 90}, variables{"timeout": "1m30s"}},
		"half-a-second": {variables{"timeout": "1.5s"}, variables{"timeout": "1.5s"}},
		"plain.http_0": {
			variables{"executorUrl": "http://10.0.0.1:8080/a"}, variables{"executorUrl": "http://10.0.0.1:8080/a"},
		},
		"headers": {
			variables{"executorHeaders": []any{header("Authorization", executorSecret)}},
			variables{"executorHeaders": []any{map[string]any{"key": "Authorization", "value": executorSecret}}},
		},
	} {
		want := variables{
			"name": name, "executorUrl": executorURL, "executorHeaders": []any{}, "pageSize": 10.0, "timeout": "30s",
			"createdAt": at, "updatedAt": at,
		}
		for field, value := range tc.want {
			want[field] = value
		}
		input := newAction(tc.given)
		input["input"].(variables)["name"] = name
		w.same(name, plain(want), w.ok(platform(), createActionQuery, input).at("createAction.action"))
	}
	for _, timeout := range []string{`"30s"`, `30`, `"0.5m"`} { // as literals
		a := w.ok(
			platform(),
			`mutation { updateAction(input: {actionId: 1, timeout: `+timeout+`}) { action { timeout pageSize executorUrl } } }`,
			nil,
		)
		w.sameJSON(timeout, `{"timeout":"30s","pageSize":10,"executorUrl":"`+executorURL+`"}`, a.at("updateAction.action"))
	}
	const update = `mutation($input: UpdateActionInput!) { updateAction(input: $input) { action { executorUrl executorHeaders { key value } pageSize timeout } } }`
	w.sameJSON("all changed", `{"executorUrl":"https://b.example.com","executorHeaders":[{"key":"A","value":"b"}],"pageSize":5,"timeout":"1m"}`,
		w.ok(platform(), update, variables{"input": variables{
			"actionId": searchAction, "executorUrl": "https://b.example.com", "executorHeaders": []any{header("A", "b")},
			"pageSize": 5, "timeout": 60,
		}}).at("updateAction.action"))
	w.sameJSON("emptied", `{"executorUrl":"https://b.example.com","executorHeaders":[],"pageSize":5,"timeout":"1m"}`,
		w.ok(
			platform(), update,
			variables{"input": variables{"actionId": searchAction, "executorHeaders": nil, "pageSize": nil, "timeout": nil}},
		).at("updateAction.action"))
}

func TestWhatAnActionCannotBeNamesItsField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cases := map[string]struct {
		given variables
		field string
	}{
		"no name":           {variables{"name": ""}, "name"},
		"a long name":       {variables{"name": strings.Repeat("a", 101)}, "name"},
		"a slash":           {variables{"name": "a/b"}, "name"},
		"a dot first":       {variables{"name": ".a"}, "name"},
		"a line break":      {variables{"name": "a\n"}, "name"},
		"another alphabet":  {variables{"name": "é"}, "name"},
		"no URL":            {variables{"executorUrl": ""}, "executorUrl"},
		"a user":            {variables{"executorUrl": "https://u:p@a.example.com"}, "executorUrl"},
		"another scheme":    {variables{"executorUrl": "file:///etc/passwd"}, "executorUrl"},
		"a reserved header": {variables{"executorHeaders": []any{header("Content-Length", "5")}}, "executorHeaders.0.key"},
		"no page size":      {variables{"pageSize": 0}, "pageSize"},
		"a large page":      {variables{"pageSize": 1001}, "pageSize"},
		"no time":           {variables{"timeout": 0}, "timeout"},
		"a short time":      {variables{"timeout": "999ms"}, "timeout"},
		"a long time":       {variables{"timeout": "10m1s"}, "timeout"},
		"a negative time":   {variables{"timeout": -30}, "timeout"},
	}
	w.unchanged(func() {
		for name, tc := range cases {
			w.do(platform(), createActionQuery, newAction(tc.given)).wantError(models.CodeBadUserInput, tc.field, "createAction")
			update := variables{"actionId": searchAction}
			for field, value := range tc.given {
				update[field] = value
			}
			if tc.field != "name" { // an action keeps its name
				w.do(
					platform(), `mutation($input: UpdateActionInput!) { updateAction(input: $input) { action { id } } }`,
					variables{"input": update},
				).
					wantError(models.CodeBadUserInput, tc.field, "updateAction")
			}
			if t.Failed() {
				t.Fatal(name)
			}
		}
		const path = "createAction"
		for _, timeout := range []any{"soon", "", 1.5, true, "30"} {
			w.do(
				platform(), createActionQuery, newAction(variables{"timeout": timeout}),
			).wantError(models.CodeBadUserInput, "timeout", path)
		}
		w.do(platform(), `mutation { updateAction(input: {actionId: 1, executorUrl: null}) { action { id } } }`, nil).
			wantError(models.CodeBadUserInput, "executorUrl", "updateAction")
		w.do(
			platform(), createActionQuery, newAction(variables{"name": "search"}),
		).wantError(models.CodeConflict, "name", "createAction")
		w.do(
			platform(), createActionQuery, newAction(variables{"accountId": 987}),
		).wantError(models.CodeNotFound, "", "createAction")
		w.do(
			platform(), `mutation { updateAction(input: {actionId: 987}) { action { id } } }`, nil,
		).wantError(models.CodeNotFound, "", "updateAction")
	})
	w.ok(platform(), createActionQuery, newAction(variables{"name": "search", "accountId": otherAccount}))
}

func TestAnExecutorIsInSightOfThePlatformOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const fields = `{ name executorUrl executorHeaders { key value } }`
	query := fmt.Sprintf(`{ getAction(id: 1) %[1]s node(id: %[2]q) { ... on Action %[1]s } getAccount(id: 123123) { actions { nodes %[1]s edges { node %[1]s } } } }`,
		fields, globalID("Action", searchAction))
	for name, who := range map[string]caller{
		"viewer": w.viewer(), "editor": w.editor(), "admin": w.admin(), "key": w.key(demoProject),
		"sibling's key": w.key(bareProject), "platform": platform(),
	} {
		action := fmt.Sprintf(
			`{"name":"search","executorUrl":null,"executorHeaders":[{"key":"Authorization","value":"%s"}]}`, models.Masked,
		)
		if name == "platform" {
			action = fmt.Sprintf(
				`{"name":"search","executorUrl":"%s","executorHeaders":[{"key":"Authorization","value":"%s"}]}`, executorURL,
				executorSecret,
			)
		}
		w.sameJSON(name, fmt.Sprintf(
			`{"getAction":%[1]s,"node":%[1]s,"getAccount":{"actions":{"nodes":[%[1]s],"edges":[{"node":%[1]s}]}}}`, action,
		),
			w.ok(who, query, nil).Data)
	}
}
