package graph_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
	"pgregory.net/rapid"

	"github.com/ringback/ringback/graph"
)

// repeated is a text n times, each with its number.
func repeated(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)))
	}
	return b.String()
}

func nested(n int, open, inner, end string) string {
	return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
}

const tooComplex, unparsed, notValid = "COMPLEXITY_LIMIT_EXCEEDED", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"

// hostile are documents that would take a walker, a rule or an answer far more steps than they have bytes.
var hostile = map[string]struct{ document, code, message string }{
	"fragments that double":           {doubling(40, `...f%d ...f%d`), tooComplex, "5000"},
	"fragments that double in fields": {doubling(20, `a: node { ...f%d } b: node { ...f%d }`), tooComplex, "5000"},
	"fragments that double unused": {
		`{ node { name } }` + doubling(40, `...f%d ...f%d`)[len(`{ node { ...f0 } }`):], tooComplex, "5000",
	},
	"fragments that double introspection": {
		`{ __schema { queryType { ...f0 } } }` + strings.ReplaceAll(
			doubling(40, `...f%d ...f%d`)[len(`{ node { ...f0 } }`):], "on Node", "on __Type",
		),
		tooComplex, "5000",
	},
	"fragments that lead on": {
		`{ node { ...f0 } }` + repeated(80, ` fragment f# on Node { node { ...g# } }`), notValid, `no fragment "g0"`,
	},
	"fragments that spread themselves": {
		`{ node { ...a } } fragment a on Node { node { ...b ...b } } fragment b on Node { ...a ...a }`, notValid,
		"spreads itself",
	},
	"fragments that spread each other": {
		`{ node { ...f0 } }` + repeated(12, ` fragment f# on Node { `+repeated(12, `...f# `)+`}`), notValid, "spreads itself",
	},
	"many fragments": {
		`{ node { name } }` + repeated(graph.MaxFragments+1, ` fragment f# on Node { name }`), tooComplex, "100",
	},
	"many operations": {
		repeated(graph.MaxOperations+1, `query q# { node { name } } `), tooComplex, "50",
	},
	"operations of one large fragment": {
		repeated(graph.MaxOperations, `query q# { ...f } `) + `fragment f on Query { ` + repeated(300, `node `) + `}`,
		tooComplex, "5000",
	},
	"aliases of one field": {
		`{` + repeated(graph.MaxAliases+1, ` a#: node { name }`) + `}`, tooComplex, `100 aliases to the field "node"`,
	},
	"aliases in fragments": {
		`{ node { ...f ...g } }` + ` fragment f on Node {` + repeated(51, ` a#: name`) + `} fragment g on Node {` + repeated(51, ` b#: name`) + `}`,
		tooComplex, `100 aliases`,
	},
	"a deep selection": {
		`{` + nested(graph.MaxDepth, ` node {`, ` name `, `}`) + `}`, tooComplex, "32",
	},
	"a deep fragment": {
		`{ node { ...f } } fragment f on Node {` + nested(graph.MaxDepth, ` node {`, ` name `, `}`) + `}`, tooComplex, "32",
	},
	"a large document": {
		`{ node { name } } #` + strings.Repeat(" ", graph.MaxDocumentBytes), unparsed, "65536",
	},
	"a large literal": {
		`{ node { nodes(first: "` + strings.Repeat("a", graph.MaxDocumentBytes) + `") { name } } }`, unparsed, "65536",
	},
	"a list of literals": {
		`{ node { nodes(first: [` + strings.Repeat("1 ", graph.MaxTokens) + `]) { name } } }`, unparsed, "token limit",
	},
	"comments": {
		strings.Repeat("#\n", graph.MaxDocumentBytes/2-50) + `{ node { name } }`, unparsed, "token limit",
	},
	"commas": {
		strings.Repeat(",", graph.MaxDocumentBytes-50) + `{ node { nam } }`, notValid, `has no field "nam"`,
	},
	"deep lists": {
		`{ node { nodes(first: ` + nested(450, `[`, ``, `]`) + `) { name } } }`, notValid, `of the type "Int"`,
	},
	"deep objects": {
		`{ node { nodes(first: ` + nested(240, `{a:`, `1`, `}`) + `) { name } } }`, notValid, `of the type "Int"`,
	},
	"directives": {
		`{ node { name` + repeated(450, ` @a#`) + ` } }`, notValid, `no directive "@a0"`,
	},
	"one directive": {
		`{ node { name` + strings.Repeat(` @skip(if: true)`, 140) + ` } }`, notValid, `twice`,
	},
	"variables": {
		`query(` + repeated(190, `$v#: Int `) + `) { node { name } }`, notValid, `never used: "$v0"`,
	},
	"undefined variables": {`{ node { name` + repeated(120, ` @skip(if: $v#)`) + ` } }`, notValid, ""},
	"unknown fields":      {`{ node {` + repeated(900, ` x#`) + ` } }`, notValid, `has no field "x0"`},
	"unknown types": {
		`{ node { name } }` + repeated(100, ` fragment f# on `+strings.Repeat("T", 600)+` { name }`), notValid,
		`no type "TTT`,
	},
	"a type of many lists": {
		`query($v: ` + nested(450, `[`, `Int`, `]`) + `) { node { nodes(first: $v) { name } } }`, notValid, `"$v"`,
	},
	"fields of one name": {`{ node {` + strings.Repeat(` name`, 900) + ` node { name } } }`, "", ""},
	"fields of one name within each other": {
		`{ node { ` + strings.Repeat(nested(14, `node { `, `name `, `} `), 20) + `} }`, "", "",
	},
	"fields that double in one field": {doubling(8, `node { ...f%d } node { ...f%d }`), "", ""},
	"inline fragments":                {`{ node { ` + nested(320, `... { `, `name `, `} `) + `} }`, "", ""},
	"introspection within itself": {
		`{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }`, notValid, "introspection",
	},
	"introspection of a type": {
		`{` + repeated(45, ` a#: __type(name: "Node") { fields { type { fields { name } } } }`) + ` }`, "", "",
	},
}

func TestHostileDocumentsEndAtOnce(t *testing.T) {
	t.Parallel()
	for name, tc := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _ := newTree().post(t, tc.document)
			if len(a.Errors) > graph.MaxProblems || len(a.Body) > 64<<10 {
				t.Errorf("%d errors in %d bytes", len(a.Errors), len(a.Body))
			}
			first := &answer{tb: t, Body: a.Body}
			if len(a.Errors) > 0 {
				first.Errors = a.Errors[:1]
			}
			if got := first.code(); got != tc.code || tc.message != "" &&
				!strings.Contains(a.Body, strings.ReplaceAll(tc.message, `"`, `\"`)) {
				t.Errorf("got %s: %.400s", got, a.Body)
			}
		})
	}
}

func TestHostileDocumentsAtOnceLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	s := newTree()
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if a, _ := s.post(t, doubling(40, `a: nodes { ...f%d } b: nodes { ...f%d }`)); a.code() != tooComplex {
				t.Errorf("%.300s", a.Body)
			}
		})
	}
	all.Wait()
	if asked := s.asked.Load(); asked != 0 {
		t.Errorf("%d prices of refused documents", asked)
	}
}

func TestADocumentAtItsLimitsIsServed(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"depth":   `{` + nested(graph.MaxDepth-1, ` node {`, ` name `, `}`) + `}`,
		"aliases": `{` + repeated(graph.MaxAliases, ` a#: node { name }`) + `}`,
		"fragments": `{ node { ` + repeated(graph.MaxFragments, `...f# `) + `} }` + repeated(
			graph.MaxFragments, ` fragment f# on Node { name }`,
		),
		"selections": `{ node { ` + repeated(98, `...f `) + `} } fragment f on Node { ` + repeated(48, `name `) + `}`,
		"bytes":      `{ node { name } } #` + strings.Repeat(" ", graph.MaxDocumentBytes-19),
	} {
		if a, _ := newTree().post(t, document); len(a.Errors) > 0 {
			t.Errorf("%s: %.300s", name, a.Body)
		}
	}
	if a, _ := newTree().post(t, repeated(graph.MaxOperations, `query q# { node { name } } `)); a.code() != notValid ||
		!strings.Contains(a.Body, "operationName") {
		t.Errorf("operations: %.300s", a.Body)
	}
}

// TestRulesAreGqlparsers compares verdicts on documents that gqlparser's own rules can get through. gqlparser is asked
// with the fragments written out: where several spread each other, it can overlook that what they select overlaps.
func TestRulesAreGqlparsers(t *testing.T) {
	t.Parallel()
	known := graph.RuleNames()
	for name := range rules.NewDefaultRules().GetInner() {
		if !slices.Contains(known, name) && !slices.Contains(known, name+"WithoutSuggestions") &&
			name != "SingleFieldSubscriptions" && name != "NoFragmentCycles" {
			t.Errorf("nobody asks for %s", name)
		}
	}
	s := gqlparser.MustLoadSchema(&ast.Source{Input: `
		type Query { a(x: Int): Query b(x: Int): Query! list: [Query] name: String! size: Int any: Thing }
		union Thing = Query | Other
		type Other { a(x: Int): Other name: String size: Int! }
	`})
	rapid.Check(t, func(t *rapid.T) {
		document, writtenOut := anyOverlaps(t)
		_, want := gqlparser.LoadQueryWithRules(s, writtenOut, nil)
		if _, got := graph.NewReader(s).Read(document); (len(got) > 0) != (len(want) > 0) {
			t.Errorf("%s\ngot  %v\nwant %v", document, got, want)
		}
	})
}

// anyOverlaps is a document whose fields have the same few names, with fragments and without.
func anyOverlaps(t *rapid.T) (document, writtenOut string) {
	few := func(fields []string) []string { return rapid.SliceOfN(rapid.SampledFrom(fields), 2, 3).Draw(t, "few") }
	ofQuery, ofOther := few(queryFields), few(otherFields)
	var set func(depth, next int, fields []string) string
	set = func(depth, next int, fields []string) string {
		var parts []string
		for range rapid.IntRange(1, 3).Draw(t, "parts") {
			field := rapid.SampledFrom(fields).Draw(t, "field")
			switch {
			case next < 3 && rapid.IntRange(0, 3).Draw(t, "kind") == 0:
				parts = append(parts, fmt.Sprintf("...f%d", next))
				continue
			case depth < 2 && strings.HasSuffix(field, "any"):
				field += " { ... on Query { " + set(depth+1, next, ofQuery) + " } ... on Other { " + set(depth+1, 3, ofOther) +
					" } }"
			case strings.HasPrefix(field, "name") || strings.HasPrefix(field, "size") || strings.HasSuffix(field, "name") ||
				strings.HasSuffix(field, "size"):
			case depth >= 2:
				field += " { __typename }"
			default:
				field += " { " + set(depth+1, next, fields) + " }"
			}
			parts = append(parts, field)
		}
		return strings.Join(parts, " ")
	}
	query := "{ " + set(0, 0, ofQuery) + " ...f0 ...f1 ...f2 }"
	document, writtenOut = query, query
	for i := range 3 { // a fragment spreads later ones only
		fields := set(1, i+1, ofQuery)
		document += fmt.Sprintf(" fragment f%d on Query { %s }", i, fields)
		writtenOut = strings.ReplaceAll(writtenOut, fmt.Sprintf("...f%d", i), "... on Query { "+fields+" }")
	}
	return document, writtenOut
}

var (
	queryFields = []string{"a", "a(x: 1)", "a: b", "b", "a: list", "list", "name", "name: size", "size", "any", "a: any"}
	otherFields = []string{"a", "a(x: 1)", "a(x: 2)", "name", "size", "size: name"}
)

func TestRememberedDocumentsAreBoundedInBytes(t *testing.T) { // not parallel: it measures the heap
	for name, document := range map[string]string{
		"large":      `{ node { name } } #` + strings.Repeat("x", 60<<10),
		"many names": `{ node {` + strings.Repeat(` name`, 900) + `} } #`,
		"aliases":    `{ node {` + repeated(90, ` a#: name`) + strings.Repeat(" name @skip(if: true)", 80) + `} } #`,
		"inline":     `{ node {` + strings.Repeat(` ... { name }`, 190) + `} } #`,
		"arguments":  `{ node {` + repeated(90, ` a#: nodes(first: 1) { name }`) + `} } #`,
		"small":      `{ node { name } } #`,
	} {
		before := heap()
		reader := graph.NewReader(newTree().schema)
		n, said := 0, 0
		for i := 0; n == i; i++ { // until one is forgotten
			if _, errs := reader.Read(document + fmt.Sprint(i)); len(errs) > 0 {
				t.Fatal(name, errs)
			}
			n, said = reader.Remembered()
		}
		if took := heap() - before; said > graph.MaxCacheBytes || took > graph.MaxCacheBytes*3/2 {
			t.Errorf("%s: %d documents are said to take %d bytes, and take %d", name, n, said, took)
		}
		runtime.KeepAlive(reader)
	}
}

func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func BenchmarkHostileDocuments(b *testing.B) {
	s := newTree().schema
	for name, tc := range hostile {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(tc.document)))
			for b.Loop() {
				_, _ = graph.NewReader(s).Read(tc.document)
			}
		})
	}
}
