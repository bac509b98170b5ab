package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

const echoSchema = `
	scalar JSON
	directive @note(json: JSON) on FIELD
	type Query { echo(json: JSON, list: [JSON!], lists: [[JSON]], input: EchoInput, id: ID, numbers: [Int]): Boolean }
	type Mutation { echo(json: JSON, list: [JSON!], input: EchoInput): Boolean }
	enum Color { Red }
	input EchoInput { name: String, color: Color, number: Int, numbers: [Int], one: JSON, inputs: [JSON!], nested: EchoInput, many: [EchoInput!] }
`

// echo is a server that tells what the arguments of its fields come to.
type echo struct {
	schema  *ast.Schema
	handler http.Handler
}

func newEcho() *echo {
	e := &echo{schema: gqlparser.MustLoadSchema(&ast.Source{Input: echoSchema})}
	e.handler = graph.NewSchemaHandler(e)
	return e
}

func (e *echo) Schema() *ast.Schema { return e.schema }

func (e *echo) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

// echoed is where an operation leaves its arguments by the alias of their field.
type echoed struct {
	mu     sync.Mutex
	fields map[string]any
}

type echoedKey struct{}

func (e *echo) Exec(ctx context.Context) graphql.ResponseHandler {
	opCtx := graphql.GetOperationContext(ctx)
	to := ctx.Value(echoedKey{}).(*echoed)
	to.mu.Lock()
	defer to.mu.Unlock()
	for _, field := range graphql.CollectFields(opCtx, opCtx.Operation.SelectionSet, []string{"Query", "Mutation"}) {
		to.fields[field.Alias] = field.ArgumentMap(opCtx.Variables)
		for _, directive := range field.Directives {
			to.fields["@"+directive.Name] = directive.ArgumentMap(opCtx.Variables)
		}
	}
	return graphql.OneShot(&graphql.Response{Data: []byte("{}")})
}

// post returns what the arguments come to, see shown.
func (e *echo) post(tb testing.TB, body string) (string, *answer) {
	tb.Helper()
	to := &echoed{fields: map[string]any{}}
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	e.handler.ServeHTTP(recorder, r.WithContext(context.WithValue(tb.Context(), echoedKey{}, to)))
	a := readAnswer(tb, recorder)
	fields := make([]string, 0, len(to.fields))
	for _, alias := range slices.Sorted(maps.Keys(to.fields)) {
		fields = append(fields, shown(tb, to.fields[alias]))
	}
	return strings.Join(fields, " "), a
}

// ok posts a query that must succeed, with the text of its variables.
func (e *echo) ok(tb testing.TB, query, variables string) string {
	tb.Helper()
	got, a := e.post(tb, `{"query":`+quote(query)+`,"variables":`+variables+`}`)
	if len(a.Errors) > 0 {
		tb.Fatalf("%s\n%.300s\n%.300s", query, variables, a.Body)
	}
	return got
}

// shown is a value with all JSON texts, as the scalar reads them, between ‹ and ›. Anything else in it has been
// decoded.
func shown(tb testing.TB, v any) string {
	tb.Helper()
	switch v := v.(type) {
	case json.RawMessage:
		text, err := graph.UnmarshalJSON(v)
		modelstest.NoError(tb, err)
		return "‹" + string(text) + "›"
	case map[string]any:
		var members []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			members = append(members, name+":"+shown(tb, v[name]))
		}
		return "{" + strings.Join(members, " ") + "}"
	case []any:
		var elements []string
		for _, element := range v {
			elements = append(elements, shown(tb, element))
		}
		return "[" + strings.Join(elements, " ") + "]"
	default:
		return fmt.Sprint(v)
	}
}

func TestAVariableOfTheTypeJSONKeepsItsText(t *testing.T) {
	t.Parallel()
	const exact = `{"b":1.50,"a":12345678901234567890,"h":"<&> é 😀 \u00e9\u2028","n":[-0,1E+400,{"z":null,"y":{}}]}`
	for name, tc := range map[string]struct{ query, variables, want string }{
		"a value": {`query($v: JSON) { echo(json: $v) }`, `{"v":` + exact + `}`, `{json:‹` + exact + `›}`},
		"white space": {
			`query($v: JSON!) { echo(json: $v) }`, "{ \"v\" :\n { \"a\" : 1 } }", `{json:‹{ "a" : 1 }›}`,
		},
		"a string":     {`query($v: JSON) { echo(json: $v) }`, `{"v":"\u0061"}`, `{json:‹"\u0061"›}`},
		"a number":     {`query($v: JSON) { echo(json: $v) }`, `{"v":1.0}`, `{json:‹1.0›}`},
		"null is null": {`query($v: JSON) { echo(json: $v) }`, `{"v":null}`, `{json:<nil>}`},
		"left out":     {`query($v: JSON) { echo(json: $v) }`, `{}`, `{}`},
		"a list": {
			`query($v: [JSON!]) { echo(list: $v) }`, `{"v":[1.0,[2.0],` + exact + `]}`, `{list:[‹1.0› ‹[2.0]› ‹` + exact + `›]}`,
		},
		"one for a list": {
			`query($v: [JSON!]) { echo(list: $v) }`, `{"v":{"b":1,"a":2}}`, `{list:[‹{"b":1,"a":2}›]}`,
		},
		"an empty list": {`query($v: [JSON!]) { echo(list: $v) }`, `{"v":[]}`, `{list:[]}`},
		"lists of lists": {
			`query($v: [[JSON]]) { echo(lists: $v) }`, `{"v":[[1.0,null],2.0,null]}`, `{lists:[[‹1.0› <nil>] [‹2.0›] <nil>]}`,
		},
		"element of a list": {`query($v: JSON!) { echo(list: [$v, $v]) }`, `{"v":1.0}`, `{list:[‹1.0› ‹1.0›]}`},
		"member of an input": {
			`query($v: [JSON!]) { echo(input: {inputs: $v}) }`, `{"v":[1.0]}`, `{input:{inputs:[‹1.0›]}}`,
		},
		"an input": {
			`query($v: EchoInput) { echo(input: $v) }`, `{"v":{"name":"a","number":7,"inputs":[1.0,2.0],"one":null}}`,
			`{input:{inputs:[‹1.0› ‹2.0›] name:a number:7 one:<nil>}}`,
		},
		"one for a list inside": {
			`query($v: EchoInput) { echo(input: $v) }`, `{"v":{"inputs":1.0,"many":{"one":2.0}}}`,
			`{input:{inputs:[‹1.0›] many:[{one:‹2.0›}]}}`,
		},
		"inputs in inputs": {
			`query($v: EchoInput) { echo(input: $v) }`, `{"v":{"nested":{"one":1.0,"nested":null},"many":[{"one":2.0}]}}`,
			`{input:{many:[{one:‹2.0›}] nested:{nested:<nil> one:‹1.0›}}}`,
		},
		"__typename": {
			`query($v: EchoInput) { echo(input: $v) }`, `{"v":{"__typename":{"a":[1]},"one":1.0}}`, `{input:{one:‹1.0›}}`,
		},
		"an escaped name": {
			`query($v: EchoInput) { echo(input: $v) }`, `{"\u0076":{"\u006fne":1.0}}`, `{input:{one:‹1.0›}}`,
		},
		"the last of two": {
			`query($v: EchoInput) { echo(input: $v) }`, `{"v":1,"v":{"one":1,"one":{"a":1,"a":2}}}`,
			`{input:{one:‹{"a":1,"a":2}›}}`,
		},
		"other types": {
			`query($i: ID, $n: [Int]) { echo(id: $i, numbers: $n, json: 1) }`, `{"i":5,"n":[1]}`, `{id:5 json:‹1› numbers:[1]}`,
		},
		"in a mutation":         {`mutation($v: EchoInput) { echo(input: $v) }`, `{"v":{"one":1.0}}`, `{input:{one:‹1.0›}}`},
		"in place of a default": {`query($v: JSON = {a: 1}) { echo(json: $v) }`, `{"v":1.0}`, `{json:‹1.0›}`},
		"null for a default":    {`query($v: JSON = {a: 1}) { echo(json: $v) }`, `{"v":null}`, `{json:<nil>}`},
		"a default": {
			`query($v: JSON = {b: 1.50, a: 1e999}) { echo(json: $v) }`, `{}`, `{json:‹{"b":1.50,"a":1e999}›}`,
		},
		"a default list": {
			`query($v: [JSON!] = [1.50, {b: 1}]) { echo(list: $v) }`, `{}`, `{list:[‹1.50› ‹{"b":1}›]}`,
		},
		"a default input": {
			`query($v: EchoInput = {number: 7, inputs: [1.50, 12345678901234567890]}) { echo(input: $v) }`, `{}`,
			`{input:{inputs:[‹1.50› ‹12345678901234567890›] number:7}}`,
		},
		"a default that is null": {`query($v: JSON = null) { echo(json: $v) }`, `{}`, `{json:<nil>}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEcho()
			for range 2 { // the second time from the cache
				if got := e.ok(t, tc.query, tc.variables); got != tc.want {
					t.Errorf("got  %s\nwant %s", got, tc.want)
				}
			}
		})
	}
}

// What gqlgen makes of members that stand twice in the body decides which text counts.
func TestTheTextIsThatOfTheVariableThatGqlgenReads(t *testing.T) {
	t.Parallel()
	const query = `"query":"query($a: JSON, $b: JSON) { echo(lists: [[$a, $b]]) }"`
	for name, tc := range map[string]struct{ body, want string }{
		"variables twice": {
			`{"variables":{"a":1.0,"b":1.0},"variables":{"b":2.0},` + query + `}`, `{lists:[[‹1.0› ‹2.0›]]}`,
		},
		"variables, then nothing": {`{"variables":{"a":1.0},"variables":null,` + query + `}`, `{lists:[[<nil> <nil>]]}`},
		"in another case":         {`{"Variables":{"a":1.0,"b":null},` + query + `}`, `{lists:[[‹1.0› <nil>]]}`},
		"a lifted literal's name": {`{"variables":{"\u00000":3.0},"query":"{ echo(json: 1.0) }"}`, `{json:‹1.0›}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, a := newEcho().post(t, tc.body); got != tc.want {
				t.Errorf("got  %s\nwant %s\n%s", got, tc.want, a.Body)
			}
		})
	}
}

func TestJSONThatIsNotUTF8IsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []json.RawMessage{json.RawMessage("\"\xff\""), json.RawMessage(`{`), json.RawMessage(``)} {
		if _, err := graph.UnmarshalJSON(text); models.ErrorCode(err) != models.CodeBadUserInput {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestADefaultOfTheSchemaIsReadAsJSON(t *testing.T) {
	t.Parallel()
	got, err := graph.UnmarshalJSON(map[string]any{"b": int64(1), "a": []any{nil, "x"}})
	modelstest.NoError(t, err)
	if string(got) != `{"a":[null,"x"],"b":1}` {
		t.Errorf("got %s", got)
	}
}

func TestJSONIsWrittenAsItIs(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"b":1.50,"a":"<&> é\u00e9"}`, `null`, `[1e999]`} {
		var out strings.Builder
		graph.MarshalJSON(json.RawMessage(text)).MarshalGQL(&out)
		if out.String() != text {
			t.Errorf("got %s, want %s", out.String(), text)
		}
	}
	var out strings.Builder
	graph.MarshalJSON(nil).MarshalGQL(&out)
	if out.String() != "null" {
		t.Errorf("got %s for nothing", out.String())
	}
}
