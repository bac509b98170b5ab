package graph_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/99designs/gqlgen/complexity"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
	"pgregory.net/rapid"

	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models/modelstest"
)

// tree is a server whose documents can be of any size. It counts how often a price is asked for.
type tree struct {
	schema *ast.Schema
	asked  atomic.Int64
}

func newTree() *tree {
	return &tree{schema: gqlparser.MustLoadSchema(&ast.Source{Input: `
		type Query { node: Node! any: Thing! }
		interface Thing { name: String nodes(first: Int = 20): [Node!]! }
		type Node implements Thing { name: String nodes(first: Int = 20): [Node!]! node: Node! any: Thing! }
		type Leaf implements Thing { name: String nodes(first: Int = 20): [Node!]! }
	`})}
}

func (s *tree) Schema() *ast.Schema { return s.schema }

func (s *tree) Complexity(_ context.Context, object, field string, child int, args map[string]any) (int, bool) {
	s.asked.Add(1)
	if field != "nodes" {
		return 0, false
	}
	first, _ := args["first"].(int64)
	if object == "Leaf" {
		first *= 2
	}
	return 1 + child*int(first), true
}

func (*tree) Exec(context.Context) graphql.ResponseHandler {
	return graphql.OneShot(&graphql.Response{Data: []byte("{}")})
}

// post sends a document, and returns the answer and how often a price was asked for.
func (s *tree) post(tb testing.TB, document string) (*answer, int64) {
	tb.Helper()
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query":`+quote(document)+`}`))
	r.Header.Set("Content-Type", "application/json")
	before := s.asked.Load()
	recorder := httptest.NewRecorder()
	graph.NewSchemaHandler(s).ServeHTTP(recorder, r)
	return readAnswer(tb, recorder), s.asked.Load() - before
}

// doubling is a document of fragments each of which spreads the next twice, as many times as a format says.
func doubling(fragments int, format string) string {
	var b strings.Builder
	b.WriteString("{ node { ...f0 } }")
	for i := range fragments {
		fmt.Fprintf(&b, " fragment f%d on Node { "+format+" }", i, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment f%d on Node { name }", fragments)
	return b.String()
}

func TestFragmentsThatDoubleArePricedOnce(t *testing.T) {
	t.Parallel()
	for name, format := range map[string]string{
		"beside each other": `...f%d ...f%d`,
		"in fields":         `a: node { ...f%d } b: node { ...f%d }`,
		"in one field":      `node { ...f%d } node { ...f%d }`,
		"in fragments":      `... { ...f%d } ... on Thing { ... on Node { ...f%d } }`,
		"in lists":          `a: nodes(first: 100) { ...f%d } b: nodes(first: 100) { ...f%d }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document, s := doubling(100, format), newTree()
			parsed, errs := gqlparser.LoadQueryWithRules(s.schema, document, rules.NewRules())
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			if cost := graph.PriceOf(t.Context(), s, parsed.Operations[0], nil); cost != graph.MaxPrice {
				t.Errorf("it costs %d", cost)
			}
			if fields, asked := int64(strings.Count(document, "{")), s.asked.Load(); asked > fields {
				t.Errorf("%d prices of at most %d fields", asked, fields)
			}
		})
	}
}

func TestAFragmentThatIsSpreadOftenIsPaidForEachTime(t *testing.T) {
	t.Parallel()
	const format = `a: nodes(first: 2) { ...f%d } b: nodes(first: 2) { ...f%d }`
	if a, _ := newTree().post(t, doubling(6, format)); len(a.Errors) > 0 { // 4^6 names, and as many nodes as are above them
		t.Errorf("%.300s", a.Body)
	}
	a, _ := newTree().post(t, doubling(8, format))
	if a.code() != "COMPLEXITY_LIMIT_EXCEEDED" || !strings.Contains(a.Errors[0].Message, "the limit is 50000") {
		t.Errorf("%.300s", a.Body)
	}
}

func TestAnAnswerHasNoMoreValuesThanItsOperationCosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var b strings.Builder
	b.WriteString("{ getAccount(id: 123123) { ...f0 } }")
	for i := range 4 {
		fmt.Fprintf(
			&b,
			` fragment f%d on Account { a: projects(first: 2) { nodes { account { ...f%d } } } b: projects(first: 2) { nodes { account { ...f%d ...f%d } } } }`,
			i, i+1, i+1, i+1,
		)
	}
	b.WriteString(" fragment f4 on Account { id }")
	introspection, err := os.ReadFile("testdata/introspection.graphql")
	modelstest.NoError(t, err)
	for name, tc := range map[string]struct {
		document      string
		valuesForEach int
	}{"fragments": {b.String(), 1}, "introspection": {string(introspection), 5}} {
		document, errs := graph.NewReader(schema()).Read(tc.document)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		cost := graph.PriceOf(t.Context(), graph.NewPricedSchema(), document.Operations[0], nil)
		if n := valuesIn(w.ok(w.admin(), tc.document, nil).Data); n < 300 || n > cost*tc.valuesForEach ||
			cost > graph.MaxComplexity {
			t.Errorf("%s: %d values for %d", name, n, cost)
		}
	}
}

func TestIntrospectionsHaveAPrice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n, refused := range map[int]bool{1: false, 50: true} {
		a := w.do(caller{}, `{`+repeated(n, ` a#: __schema { types { fields { args { type { name kind } } } } }`)+` }`, nil)
		if got := a.code() == "COMPLEXITY_LIMIT_EXCEEDED"; got != refused {
			t.Errorf("%d: %.300s", n, a.Body)
		}
	}
}

// valuesIn counts what has a name.
func valuesIn(v any) (n int) {
	switch v := v.(type) {
	case map[string]any:
		for _, child := range v {
			n += 1 + valuesIn(child)
		}
	case []any:
		for _, child := range v {
			n += valuesIn(child)
		}
	}
	return n
}

// TestPricesAreGqlgens compares with the walker that ours stands for, on documents that it can walk.
func TestPricesAreGqlgens(t *testing.T) {
	t.Parallel()
	s := newTree()
	rapid.Check(t, func(t *rapid.T) {
		document := anyTree(t)
		parsed, errs := gqlparser.LoadQueryWithRules(s.schema, document, rules.NewRules())
		if len(errs) > 0 {
			t.Fatalf("%s\n%v", document, errs)
		}
		variables := map[string]any{"n": int64(rapid.IntRange(0, 100).Draw(t, "n"))}
		want := complexity.Calculate(t.Context(), s, parsed.Operations[0], variables)
		if got := graph.PriceOf(t.Context(), s, parsed.Operations[0], variables); got != min(want, graph.MaxPrice) {
			t.Errorf("%s\ncosts %d, with gqlgen %d", document, got, want)
		}
	})
}

// anyTree has a few fragments, each of which spreads later ones.
func anyTree(t *rapid.T) string {
	alias := 0
	var set func(depth, next int) string
	set = func(depth, next int) string {
		parts := []string{"name"}
		for range rapid.IntRange(0, 2).Draw(t, "parts") {
			alias++
			inner := "name"
			if depth < 3 {
				inner = set(depth+1, next)
			}
			parts = append(parts, fmt.Sprintf(rapid.SampledFrom([]string{
				"a%d: node { %s }", "a%d: nodes { %s }", "a%d: nodes(first: 7) { %s }", "a%d: nodes(first: $n) { %s }",
				"a%d: any { name ... on Node { %s } ... on Leaf { nodes { name } } }", "a%d: any { nodes(first: 3) { %s } }",
			}).Draw(t, "field"), alias, inner))
			if next < 4 {
				parts = append(parts, fmt.Sprintf("...f%d", rapid.IntRange(next, 3).Draw(t, "fragment")))
			}
		}
		return strings.Join(parts, " ")
	}
	document := "query($n: Int!) { node { nodes(first: $n) { ...f0 ...f1 ...f2 ...f3 } " + set(0, 0) + " } }"
	for i := range 4 {
		document += fmt.Sprintf(" fragment f%d on Node { %s }", i, set(1, i+1))
	}
	return document
}
