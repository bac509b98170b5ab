package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/ringback/ringback/models"
)

func TestALiteralOfTheTypeJSONKeepsItsText(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ query, variables, want string }{
		"an object": {
			`{ echo(json: {b: 1.50, a: [12345678901234567890, -0, 1E+400, {}], c: []}) }`, `{}`,
			`{json:‹{"b":1.50,"a":[12345678901234567890,-0,1E+400,{}],"c":[]}›}`,
		},
		"a large number": {`{ echo(json: 12345678901234567890) }`, `{}`, `{json:‹12345678901234567890›}`},
		"constants":      {`{ echo(json: [true, false, null]) }`, `{}`, `{json:‹[true,false,null]›}`},
		"null is null":   {`{ echo(json: null) }`, `{}`, `{json:<nil>}`},
		"a list":         {`{ echo(list: [{b: 1, a: 2}, [3.0]]) }`, `{}`, `{list:[‹{"b":1,"a":2}› ‹[3.0]›]}`},
		// graphql.CoerceList, which the generated code calls, makes a list of the one.
		"one for a list": {`{ echo(list: {b: 1, a: 2}) }`, `{}`, `{list:‹{"b":1,"a":2}›}`},
		"lists of lists": {`{ echo(lists: [[1.0, null], 2.0]) }`, `{}`, `{lists:[[‹1.0› <nil>] ‹2.0›]}`},
		"an input": {
			`{ echo(input: {number: 7, inputs: [{b: 12345678901234567890, a: 1e999}], nested: {one: "x"}}) }`, `{}`,
			`{input:{inputs:[‹{"b":12345678901234567890,"a":1e999}›] nested:{one:‹"x"›} number:7}}`,
		},
		"in a mutation": {`mutation { echo(input: {one: {b: 1.0, a: 2}}) }`, `{}`, `{input:{one:‹{"b":1.0,"a":2}›}}`},
		"in fragments": {
			`{ ...F ... on Query { b: echo(json: 2.0) } } fragment F on Query { a: echo(json: 1.0) }`, `{}`,
			`{json:‹1.0›} {json:‹2.0›}`,
		},
		"in a directive": {`{ echo @note(json: {b: 1.0, a: 2}) }`, `{}`, `{json:‹{"b":1.0,"a":2}›} {}`},
		"merged fields":  {`{ echo(json: {a: 1.0}) echo(json: {a: 1.0}) }`, `{}`, `{json:‹{"a":1.0}›}`},
		"without JSON":   {`{ echo(id: 5, numbers: [1]) }`, `{}`, `{id:5 numbers:[1]}`},
		"precise": {
			`{ echo(json: [0.1000000000000000055511, 1e400, -0.0]) }`, `{}`, `{json:‹[0.1000000000000000055511,1e400,-0.0]›}`,
		},
		"a variable": {
			`query($v: JSON) { echo(json: {b: $v, a: [$v]}) }`, `{"v":{"y":1.50,"x":"\u00e9"}}`,
			`{json:‹{"b":{"y":1.50,"x":"\u00e9"},"a":[{"y":1.50,"x":"\u00e9"}]}›}`,
		},
		"scalars": {
			`query($s: String, $f: Float, $i: Int, $c: Color, $d: ID) { echo(json: [$s, $f, $i, $c, $d]) }`,
			`{"s":"<é","f":1.50,"i":7,"c":"Red","d":5}`, `{json:‹["<é",1.50,7,"Red",5]›}`,
		},
		"an input in it": {
			`query($v: EchoInput) { echo(json: {in: $v}) }`, `{"v":{"one":1.0,"inputs":2.0}}`,
			`{json:‹{"in":{"one":1.0,"inputs":2.0}}›}`,
		},
		"null in it": {`query($v: Int) { echo(json: {a: $v}) }`, `{"v":null}`, `{json:‹{"a":null}›}`},
		"left out": {
			`query($v: Int) { echo(json: {a: $v, b: 1, c: $v, d: 2, l: [$v]}) }`, `{}`, `{json:‹{"b":1,"d":2,"l":[null]}›}`,
		},
		"all left out": {`query($v: Int) { echo(json: {a: $v}) }`, `{}`, `{json:‹{}›}`},
		"in an input": {
			`query($v: String, $w: Int) { ...F } fragment F on Query { echo(input: {name: $v, number: $w, one: {a: $v}}) }`,
			`{"w":null}`, `{input:{number:<nil> one:‹{}›}}`,
		},
		"a pair":    {`query($s: String = "\uD83D\uDE00") { echo(json: [$s]) }`, `{}`, `{json:‹["\uD83D\uDE00"]›}`},
		"a default": {`query($v: Int = 7) { echo(json: {a: $v}) }`, `{}`, `{json:‹{"a":7}›}`},
		"other defaults": {
			`query($s: String = "\"\u0007\u2028<", $c: Color = Red, $e: EchoInput = {name: """a\b""", color: Red, one: "\u00e9"}) { echo(json: [$s, $c, $e]) }`,
			`{}`, `{json:‹["\"\u0007\u2028<","Red",{"name":"a\\b","color":"Red","one":"\u00e9"}]›}`,
		},
		"a JSON default": {
			`query($v: JSON = {b: 1.0, a: "x"}) { echo(json: {a: $v}) }`, `{}`, `{json:‹{"a":{"b":1.0,"a":"x"}}›}`,
		},
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

func TestAStringInALiteralSaysTheSameInJSON(t *testing.T) {
	t.Parallel()
	for literal, want := range map[string]string{
		`""`:                                `""`,
		`"é 😀 <&>"`:                         `"é 😀 <&>"`,
		`"\" \\ \/ \b \f \n \r \t"`:         `"\" \\ \/ \b \f \n \r \t"`,
		`"\u00e9\uD83D\uDE00"`:              `"\u00e9\uD83D\uDE00"`,
		`"\ud83d"`:                          `"\ud83d"`,
		"\"a\tb\u2028c\u007f\"":             "\"a\\tb\u2028c\u007f\"",
		`""""""`:                            `""`,
		`"""say "<é😀>" \u00e9 \n"""`:        `"say \"<é😀>\" \\u00e9 \\n"`,
		"\"\"\"\n  a\n\t  b\r\n  c\n\"\"\"": `"a\n b\nc"`,
		`"""a \""" b"""`:                    `"a \"\"\" b"`,
	} {
		t.Run(literal, func(t *testing.T) {
			t.Parallel()
			// What stands before it, of all lengths in bytes, must not move what is read of the document.
			query := "\ufeff# é😀\r\n{ id: echo(id: \"\"\"é\r\n😀\\\"\"\"\"\"\"\"\") echo(json: {before: \"é\", it: " + literal +
				"}) }"
			if got := newEcho().ok(t, query, `{}`); got != `{json:‹{"before":"é","it":`+want+"}›} {id:é\n😀\"\"\"\"\"}" {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestWhatIsNoJSONInALiteralIsRefused(t *testing.T) {
	t.Parallel()
	large := `"` + strings.Repeat("a", 400_000) + `"`
	for name, tc := range map[string]struct{ query, variables string }{
		"an enum value":          {`{ echo(json: Red) }`, `{}`},
		"an enum value inside":   {`{ echo(input: {inputs: [{color: [Red]}]}) }`, `{}`},
		"in a default":           {`query($v: JSON = {a: NaN}) { echo(json: $v) }`, `{}`},
		"a variable three times": {`query($v: JSON) { echo(json: [$v, $v, $v]) }`, `{"v":` + large + `}`},
		"in three literals":      {`query($v: JSON) { echo(list: [{a: $v}, {a: $v}, {a: $v}]) }`, `{"v":` + large + `}`},
		"a variable 400 times": {
			`query($v: JSON) { echo(json: [` + strings.Repeat("$v ", 400) + `]) }`, `{"v":` + large + `}`,
		},
		"an enum value and a lot": {`query($v: JSON) { echo(json: [Red, $v, $v, $v]) }`, `{"v":` + large + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, a := newEcho().post(t, `{"query":`+quote(tc.query)+`,"variables":`+tc.variables+`}`)
			a.wantError(models.CodeBadUserInput, "query", "")
			if got != "" || a.Status != 200 {
				t.Errorf("status %d, echoed %.100s", a.Status, got)
			}
		})
	}
}

func TestALiteralIsValidatedAsBefore(t *testing.T) {
	t.Parallel()
	for name, query := range map[string]string{
		"an undefined variable":           `{ echo(json: {a: $v}) }`,
		"undefined in one of the two":     `query A($v: Int) { ...F } query B { ...F } fragment F on Query { echo(json: {a: $v}) }`,
		"an unused variable":              `query($v: Int) { echo(json: {a: 1}) }`,
		"a name twice":                    `{ echo(json: {a: 1, a: 2}) }`,
		"null for an element":             `{ echo(list: [null]) }`,
		"other arguments for one field":   `{ echo(json: 1.0) echo(json: 1.00) }`,
		"a large number in another place": `{ echo(input: {one: 1, number: 12345678901234567890}) }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, a := newEcho().post(t, `{"query":`+quote(query)+`,"operationName":"A"}`)
			if len(a.Errors) == 0 || a.Errors[0].Extensions["code"] != "GRAPHQL_VALIDATION_FAILED" || got != "" {
				t.Errorf("echoed %s: %s", got, a.Body)
			}
		})
	}
}

func TestAFragmentServesEachOperationWithItsOwnVariables(t *testing.T) {
	t.Parallel()
	e := newEcho()
	const query = `query A($v: Int) { ...F } query B($v: String = "b") { ...F other: echo(json: {b: 1.0}) }
		fragment F on Query { echo(json: {a: $v, c: 1.50}) }`
	for range 2 {
		for _, tc := range []struct{ operation, variables, want string }{
			{"A", `{"v":1}`, `{json:‹{"a":1,"c":1.50}›}`},
			{"B", `{}`, `{json:‹{"a":"b","c":1.50}›} {json:‹{"b":1.0}›}`},
			{"A", `{}`, `{json:‹{"c":1.50}›}`},
		} {
			got, a := e.post(t, `{"query":`+quote(query)+`,"operationName":"`+tc.operation+`","variables":`+tc.variables+`}`)
			if got != tc.want {
				t.Errorf("%s: got %s, want %s: %s", tc.operation, got, tc.want, a.Body)
			}
		}
	}
}

func TestRequestsShareADocumentAndNoValues(t *testing.T) {
	t.Parallel()
	e := newEcho()
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			const query = `query($v: Int, $j: JSON!) { echo(json: {a: $v, b: 1.50}, list: [$j, {c: $j}]) }`
			got := e.ok(t, query, fmt.Sprintf(`{"v":%d,"j":%d.0}`, i, i))
			if want := fmt.Sprintf(`{json:‹{"a":%d,"b":1.50}› list:[‹%d.0› ‹{"c":%d.0}›]}`, i, i, i); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
	all.Wait()
}

func TestDeepNestingEndsInAnAnswer(t *testing.T) {
	t.Parallel()
	e := newEcho()
	deep := func(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }
	if _, a := e.post(t, strings.Repeat("[", 1<<20)); len(a.Errors) != 1 {
		t.Errorf("a body of brackets: %.200s", a.Body)
	}
	if _, a := e.post(t, `{"query":"{ version }","variables":{"v":`+deep(20_000)+`}}`); len(a.Errors) != 1 {
		t.Errorf("a deep variable: %.200s", a.Body)
	}
	if got := e.ok(t, `query($v: JSON) { echo(json: $v) }`, `{"v":`+deep(9_990)+`}`); got != `{json:‹`+deep(9_990)+`›}` {
		t.Errorf("got %.100s", got)
	}
	tower := strings.Repeat(`{"nested":`, 4_900) + `{"one":1.50}` + strings.Repeat("}", 4_900)
	if got := e.ok(
		t, `query($v: EchoInput) { echo(input: $v) }`, `{"v":`+tower+`}`,
	); !strings.Contains(got, "{one:‹1.50›}") {
		t.Errorf("got %.100s", got)
	}
	if _, a := e.post(
		t, `{"query":"{ echo(json: `+strings.Repeat("[", 1<<19)+`) }"}`,
	); a.code() != "GRAPHQL_PARSE_FAILED" {
		t.Errorf("a deep literal: %.200s", a.Body)
	}
	if got := e.ok(t, `{ echo(json: `+deep(400)+`) }`, `{}`); got != `{json:‹`+deep(400)+`›}` {
		t.Errorf("got %.100s", got)
	}
}

// document is a random JSON text, as compact as can be, and the same as a literal of GraphQL.
type document struct{ text, literal string }

func anyDocument(levels int) *rapid.Generator[document] {
	same := func(g *rapid.Generator[string]) *rapid.Generator[document] {
		return rapid.Map(g, func(s string) document { return document{s, s} })
	}
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,4})?`)
	text := rapid.StringMatching(`"([^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"`)
	constant := rapid.SampledFrom([]string{"true", "false", "null", "{}", "[]"})
	if levels == 0 {
		return rapid.OneOf(same(number), same(text), same(constant))
	}
	inner := anyDocument(levels - 1)
	list := rapid.Map(rapid.SliceOfN(inner, 1, 4), func(elements []document) document {
		return joined(elements, "[", "]")
	})
	object := rapid.Custom(func(t *rapid.T) document {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[_A-Za-z][_0-9A-Za-z]{0,8}`), 1, 4, rapid.ID).Draw(t, "names")
		members := make([]document, len(names))
		for i, name := range names {
			value := inner.Draw(t, "value")
			members[i] = document{`"` + name + `":` + value.text, name + ": " + value.literal}
		}
		return joined(members, "{", "}")
	})
	return rapid.OneOf(same(number), same(text), same(constant), list, object)
}

func joined(parts []document, open, end string) document {
	texts, literals := make([]string, len(parts)), make([]string, len(parts))
	for i, part := range parts {
		texts[i], literals[i] = part.text, part.literal
	}
	return document{open + strings.Join(texts, ",") + end, open + strings.Join(literals, " ") + end}
}

func TestAnyJSONComesBackAsItWasGiven(t *testing.T) {
	t.Parallel()
	e := newEcho()
	rapid.Check(t, func(r *rapid.T) {
		d := anyDocument(3).Draw(r, "document")
		if d.text == "null" || !json.Valid([]byte(d.text)) {
			r.Skip()
		}
		want := "‹" + d.text + "›"
		for name, got := range map[string]string{
			`{json:%s}`: e.ok(t, `query($v: JSON) { echo(json: $v) }`, `{"v": `+d.text+` }`),
			`{input:{many:[{inputs:[%s]}]}}`: e.ok(
				t, `query($v: EchoInput) { echo(input: $v) }`, `{"v": {"many": [{"inputs": [ `+d.text+`]}]}}`,
			),
			`{input:{nested:{inputs:[%s]}}}`: e.ok(t, `{ echo(input: {nested: {inputs: [`+d.literal+`]}}) }`, `{}`),
			`{input:{nested:{one:%s}}}`: e.ok(
				t, `query($v: JSON = `+d.literal+`) { echo(input: {nested: {one: $v}}) }`, `{}`,
			),
			`{list:[%[1]s %[1]s]}`: e.ok(
				t, `query($v: JSON!) { echo(list: [$v, `+d.literal+`]) }`, `{"v":`+d.text+`}`,
			),
		} {
			if want := fmt.Sprintf(name, want); got != want {
				r.Fatalf("got  %s\nwant %s", got, want)
			}
		}
	})
}
