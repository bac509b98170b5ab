package graph_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/99designs/gqlgen/complexity"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"github.com/ringback/ringback/graph"
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
			document := doubling(30, format)
			a, asked := newTree().post(t, document)
			if a.code() != "COMPLEXITY_LIMIT_EXCEEDED" || !strings.Contains(a.Errors[0].Message, "the limit is 50000") {
				t.Errorf("%.300s", a.Body)
			}
			if fields := int64(strings.Count(document, "{")); asked > fields {
				t.Errorf("%d prices of at most %d fields", asked, fields)
			}
		})
	}
}

func TestAFragmentThatIsSpreadOftenIsPaidForEachTime(t *testing.T) {
	t.Parallel()
	const spread = 12
	document := doubling(spread, `a: node { ...f%d } b: node { ...f%d }`) // 2^13 - 2 nodes below the first, and 2^12 names
	if a, _ := newTree().post(t, document); len(a.Errors) > 0 {
		t.Errorf("%.300s", a.Body)
	}
	if a, _ := newTree().post(t, doubling(spread+3, `a: node { ...f%d } b: node { ...f%d }`)); a.code() != "COMPLEXITY_LIMIT_EXCEEDED" {
		t.Errorf("%.300s", a.Body)
	}
}

// TestPricesAreGqlgens compares with the walker that ours stands for, on documents that it can walk.
func TestPricesAreGqlgens(t *testing.T) {
	t.Parallel()
	s := newTree()
	rapid.Check(t, func(t *rapid.T) {
		document := anyTree(t)
		parsed, errs := gqlparser.LoadQueryWithRules(s.schema, document, nil)
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
		for range rapid.IntRange(0, 3).Draw(t, "parts") {
			alias++
			inner := "name"
			if depth < 4 {
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
	document := "query($n: Int!) { node { nodes(first: $n) { ...f0 ...f1 ...f2 ...f3 } " + set(0, 0) + " } __schema { types { name } } }"
	for i := range 4 {
		document += fmt.Sprintf(" fragment f%d on Node { %s }", i, set(1, i+1))
	}
	return document
}
