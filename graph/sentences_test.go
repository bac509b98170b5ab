package graph_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const planted = "planted-4721-secret"

// faults are requests that gqlgen and gqlparser refuse, each with a value that must not come back, and what must be
// told.
var faults = map[string]struct {
	query     string
	variables variables
	code      string
	told      string
}{
	"a literal of another type": {
		`{ getAccount(id: 1) { projects(first: "` + planted + `") { totalCount } } }`, nil, notValid, `of the type "Int"`,
	},
	"a literal for an input": {
		`mutation { updateProject(input: "` + planted + `") { project { id } } }`, nil, notValid,
		`of the type "UpdateProjectInput!"`,
	},
	"an unknown enum value": {
		`{ getAccount(id: 1) { callbacks(filter: {status: ["` + planted + `"]}) { totalCount } } }`, nil, notValid,
		`of the type "CallbackStatus!"`,
	},
	"an unknown field of an input": {
		`mutation { updateProject(input: {projectId: 1, nam: "` + planted + `"}) { project { id } } }`, nil, notValid,
		`That has no "nam".`,
	},
	"a field left out": {
		`mutation { updateProject(input: {name: "` + planted + `"}) { project { id } } }`, nil, notValid,
		`That needs "projectId".`,
	},
	"a string where a name should be": {`{ "` + planted + `" }`, nil, unparsed, "line 1, column 4"},
	"a string without an end":         {"{ me(a: \"" + planted + "\n\") { id } }", nil, unparsed, "syntax error in line"},
	"an unknown field":                {`{ me { nam } }`, nil, notValid, `The type User has no field "nam".`},
	"a slip":                          {`{ me { usernam } }`, nil, notValid, `Did you mean "username"?`},
	"an unknown argument": {
		`{ getAccount(identity: "` + planted + `") { id } }`, nil, notValid,
		`The field Query.getAccount has no argument "identity".`,
	},
	"an argument left out":    {`{ getAccount { id } }`, nil, notValid, `needs the argument "id".`},
	"no selection":            {`{ me }`, nil, notValid, `needs a selection`},
	"a selection of a scalar": {`{ version { a } }`, nil, notValid, `no fields to select`},
	"an unknown fragment":     {`{ ...F }`, nil, notValid, `no fragment "F"`},
	"an unknown type":         {`query($a: Thing) { version @skip(if: $a) }`, nil, notValid, `no type "Thing"`},
	"a fragment of another type": {
		`{ me { ... on Project { id } } }`, nil, notValid, `nothing of the type User is one`,
	},
	"a fragment of a scalar": {`{ ... on String { a } }`, nil, notValid, `on a type that has fields`},
	"a directive elsewhere": {
		`query @skip(if: true) { version }`, nil, notValid, `@skip cannot stand at a QUERY`,
	},
	"a subscription":     {`subscription { version }`, nil, notValid, `has no field "version"`},
	"two without a name": {`{ version } { version }`, nil, notValid, `must be the only one`},
	"two of a name":      {`query A { version } query A { version }`, nil, notValid, `two operations "A"`},
	"two fragments of a name": {
		`{ ...F } fragment F on Query { version } fragment F on Query { version }`, nil, notValid, `two fragments "F"`,
	},
	"two of one argument": {
		`{ getAccount(id: 1, id: "` + planted + `") { id } }`, nil, notValid, `given twice`,
	},
	"two of one variable": {
		`query($a: Boolean!, $a: Boolean!) { version @skip(if: $a) }`, nil, notValid, `defines a variable twice`,
	},
	"two of one field": {
		`mutation { updateProject(input: {projectId: 1, name: "a", name: "` + planted + `"}) { project { id } } }`, nil,
		notValid, `given twice`,
	},
	"a variable of an object": {`query($a: User) { version @skip(if: $a) }`, nil, notValid, `as its type`},
	"a variable of another type": {
		`query($a: Int!) { version @skip(if: $a) }`, nil, notValid,
		`"$a" of the type "Int!" stands where "Boolean!" is expected`,
	},
	"fields of one name": {
		`{ a: getAccount(id: 1) { id } a: getAccount(id: "` + planted + `") { id } }`, nil, notValid, `under the name "a"`,
	},
	"a large number": {`{ getAccount(id: 99999999999999999999) { id } }`, nil, "BAD_USER_INPUT", `id`},
	"a text for an Int": {
		`query($n: Int) { getAccount(id: 1) { projects(first: $n) { totalCount } } }`,
		variables{"n": planted},
		notValid,
		`"$n" must be of the type "Int"`,
	},
	"null for a value": {
		`query($n: ObjectID!) { getAccount(id: $n) { id } }`,
		variables{"n": nil},
		notValid,
		`"$n" must be of the type "ObjectID!"`,
	},
	"nothing for a value": {
		`query($n: ObjectID!) { getAccount(id: $n) { id } }`, nil, notValid, `"$n" must be of the type "ObjectID!"`,
	},
	"a variable's unknown field": {
		`mutation($in: UpdateProjectInput!) { updateProject(input: $in) { project { id } } }`,
		variables{"in": variables{"projectId": 1, planted: 1}},
		notValid,
		`"$in" has a field that its type "UpdateProjectInput" has not`,
	},
	"a variable's bad enum": {
		`query($f: CallbackFilter) { getAccount(id: 123123) { callbacks(filter: $f) { totalCount } } }`,
		variables{"f": variables{"status": []any{"PENDING", planted}}},
		notValid,
		`"$f.status[1]" must be of the type "CallbackStatus!"`,
	},
	"a list for a text": {
		`mutation($in: UpdateProjectInput!) { updateProject(input: $in) { project { id } } }`,
		variables{"in": variables{"projectId": 1, "name": []any{planted}}},
		notValid,
		`"$in.name" must be of the type "String"`,
	},
}

func TestErrorsAboutADocumentTellNoValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, tc := range faults {
		a := w.do(w.admin(), tc.query, tc.variables)
		if len(a.Errors) == 0 {
			t.Errorf("%s: %s", name, a.Body)
			continue
		}
		found := slices.ContainsFunc(a.Errors, func(e answerError) bool {
			return e.Extensions["code"] == tc.code && strings.Contains(e.Message, tc.told)
		})
		if !found {
			t.Errorf("%s: %s", name, a.Body)
		}
		if strings.Contains(a.Body, planted) {
			t.Errorf("%s: the value comes back: %s", name, a.Body)
		}
	}
	if strings.Contains(w.log.String(), planted) {
		t.Errorf("in the log:\n%s", w.log)
	}
}

func TestErrorsAboutABodyTellNoneOfIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, body := range map[string]string{
		"no JSON": planted, "a text": `"` + planted + `"`, "a list": `[{"query":"` + planted + `"}]`,
		"no text for a query":    `{"query":{"a":"` + planted + `"}}`,
		"no object of variables": `{"query":"{ version }","variables":"` + planted + `"}`,
		"not to its end":         `{"query":"` + planted,
	} {
		a := w.post(caller{}, body)
		if a.code() != "BAD_USER_INPUT" || a.field() != "body" || a.Status != http.StatusBadRequest ||
			strings.Contains(a.Body, planted) {
			t.Errorf("%s: status %d, %s", name, a.Status, a.Body)
		}
	}
	for _, parameter := range []string{"variables", "extensions"} { // a GET has no body
		for _, value := range []string{planted, `{"a": "` + planted, `"` + planted + `"`, `["` + planted + `"]`, "null null"} {
			a := w.send(httptest.NewRequest(http.MethodGet, query("query", "{version}", parameter, value), nil))
			if a.code() != "BAD_USER_INPUT" || a.field() != parameter || a.Status != http.StatusBadRequest || strings.Contains(a.Body, planted) {
				t.Errorf("%s=%s: status %d, %s", parameter, value, a.Status, a.Body)
			}
		}
		if a := w.send(httptest.NewRequest(http.MethodGet, query("query", "{version}", parameter, "null"), nil)); a.Status != http.StatusOK || len(a.Errors) > 0 {
			t.Errorf("%s=null: %s", parameter, a.Body)
		}
	}
	if a := w.send(httptest.NewRequest(http.MethodGet, query("query", "{version}", "variables", "{", "extensions", "{"), nil)); a.field() != "variables" {
		t.Errorf("both: %s", a.Body)
	}
	for name, body := range map[string]string{
		"no query": `{}`, "an empty one": `{"query":""}`,
		"an unknown operation": `{"query":"query A { version }","operationName":"B"}`,
	} {
		if a := w.post(caller{}, body); a.code() != notValid || !strings.Contains(a.Body, "no operation") {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
}

func FuzzErrorsOfDocuments(f *testing.F) {
	for _, tc := range faults {
		f.Add(tc.query)
	}
	s := newTree()
	f.Fuzz(func(t *testing.T, document string) {
		if !utf8.ValidString(document) {
			t.Skip()
		}
		a, _ := s.post(t, document)
		for _, e := range a.Errors {
			if e.Extensions["code"] == "INTERNAL_SERVER_ERROR" || len(e.Message) > 4<<10 {
				t.Errorf("%s\n%.500s", document, a.Body)
			}
		}
	})
}
