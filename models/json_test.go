package models_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

func TestTakeMemberSplitsAnObject(t *testing.T) {
	t.Parallel()
	const none = "none"
	for name, tc := range map[string]struct{ object, rest, member string }{
		"first":                {`{"x":1.50,"b":2,"a":3}`, `{"b":2,"a":3}`, `1.50`},
		"between":              {`{"b":2,"x":{"z":1,"y":2},"a":3}`, `{"b":2,"a":3}`, `{"z":1,"y":2}`},
		"last":                 {`{"b":12345678901234567890,"x":"<&>é\u00e9"}`, `{"b":12345678901234567890}`, `"<&>é\u00e9"`},
		"alone":                {`{"x":[]}`, `{}`, `[]`},
		"null is there":        {`{"x":null}`, `{}`, `null`},
		"not there":            {`{"b":1E+400,"a":-0}`, `{"b":1E+400,"a":-0}`, none},
		"nothing there":        {` { } `, `{}`, none},
		"twice, the last":      {`{"x":1,"b":2,"x":3}`, `{"b":2}`, `3`},
		"an escaped name":      {`{"b":1,"\u0078":2}`, `{"b":1}`, `2`},
		"another letter case":  {`{"X":1}`, `{"X":1}`, none},
		"only at the top":      {`{"b":{"x":1}}`, `{"b":{"x":1}}`, none},
		"others twice":         {`{"b":1,"x":2,"b":3}`, `{"b":1,"b":3}`, `2`},
		"other escaped names":  {`{"\u0062<":1,"x":2}`, `{"\u0062<":1}`, `2`},
		"an empty name":        {`{"":1,"x":2}`, `{"":1}`, `2`},
		"white space":          {"\n{ \"b\" : [ 1 ] ,\t\"x\" :\r\n2 , \"a\":3 }\n", `{"b":[1],"a":3}`, `2`},
		"commas and braces in": {`{"b,{":",}","x":"{,\""}`, `{"b,{":",}"}`, `"{,\""`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := []byte(tc.object)
			rest, member, err := models.TakeMember("input", given, "x")
			modelstest.NoError(t, err)
			if got := compact(t, rest); got != tc.rest {
				t.Errorf("rest: got %s, want %s", got, tc.rest)
			}
			if got := string(member); member == nil && tc.member != none || member != nil && got != tc.member {
				t.Errorf("member: got %q, want %q", got, tc.member)
			}
			if string(given) != tc.object {
				t.Errorf("the object became %s", given)
			}
		})
	}
}

func TestTakeMemberRefusesWhatIsNoObject(t *testing.T) {
	t.Parallel()
	deep := `{"a":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`
	for _, text := range []string{
		``, ` `, `null`, `1`, `"x"`, `[]`, `[{"x":1}]`, `{`, `{"x"`, `{"x":`, `{"x":1`, `{"x":1,}`, `{"x" 1}`, `{x:1}`,
		`{"x":1}}`,
		`{"x":1} {}`, `{"x":01}`, `{"a":1,"x":nul}`, deep, strings.Repeat(`{"x":`, 1<<18), strings.Repeat("[", 1<<20),
	} {
		rest, member, err := models.TakeMember("inputs", []byte(text), "x")
		modelstest.WantError(t, err, models.CodeBadUserInput, "inputs")
		if rest != nil || member != nil {
			t.Errorf("%.40s: got %s and %s", text, rest, member)
		}
	}
}

// anyJSON draws a text with white space, and with numbers and strings spelled in all ways.
func anyJSON(levels int) *rapid.Generator[string] {
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,4})?`)
	scalar := rapid.OneOf(number, anyJSONString(), rapid.SampledFrom([]string{"true", "false", "null", "{ }", "[]"}))
	if levels == 0 {
		return scalar
	}
	list := rapid.Map(rapid.SliceOfN(anyJSON(levels-1), 1, 4), func(elements []string) string {
		return "[ " + strings.Join(elements, ",\n") + "]"
	})
	return rapid.OneOf(
		scalar, list, rapid.Map(anyMembers(levels-1), func(members []member) string { return object(members) }),
	)
}

func anyJSONString() *rapid.Generator[string] {
	return rapid.StringMatching(`"([^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"`)
}

// member is one of an object, with its name as it is spelled.
type member struct{ name, value string }

func anyMembers(levels int) *rapid.Generator[[]member] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) member {
		name := rapid.OneOf(anyJSONString(), rapid.SampledFrom([]string{`"customData"`, `"customDat\u0061"`, `"customdata"`}))
		return member{name.Draw(t, "name"), anyJSON(levels).Draw(t, "value")}
	}), 0, 5)
}

func object(members []member) string {
	parts := make([]string, len(members))
	for i, m := range members {
		parts[i] = m.name + " : " + m.value
	}
	return "{\t" + strings.Join(parts, " , ") + "\n}"
}

func TestTakeMemberKeepsOrderAndSpelling(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		members := anyMembers(3).Draw(r, "members")
		named := func(m member) bool { return m.name == `"customData"` || m.name == `"customDat\u0061"` }
		var want json.RawMessage
		for _, m := range members {
			if named(m) {
				want = json.RawMessage(m.value)
			}
		}
		rest, got, err := models.TakeMember("inputs", []byte(object(members)), "customData")
		if err != nil || !bytes.Equal(got, want) || (got == nil) != (want == nil) {
			r.Fatalf("got %s, %v, want %s", got, err, want)
		}
		others := slices.DeleteFunc(members, named)
		if diff := cmp.Diff(compact(t, []byte(object(others))), compact(t, rest)); diff != "" {
			r.Fatal(diff)
		}
	})
}

func compact(tb testing.TB, text []byte) string {
	tb.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		tb.Fatalf("%v in %s", err, text)
	}
	return b.String()
}

// FuzzTakeMember compares with what encoding/json makes of the same text.
func FuzzTakeMember(f *testing.F) {
	for _, text := range []string{
		`{"x":1.50,"b":2}`, `{"b":[{"x":1}],"\u0078":null}`, ` {"x":1,"x":2} `, `[1]`, `{"x"`, "{\"\xff\":1}",
	} {
		f.Add([]byte(text), "x")
	}
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		var want map[string]json.RawMessage
		isObject := json.Unmarshal(text, &want) == nil && want != nil
		rest, member, err := models.TakeMember("inputs", text, name)
		if !isObject {
			modelstest.WantError(t, err, models.CodeBadUserInput, "inputs")
			return
		}
		modelstest.NoError(t, err)
		if !bytes.Equal(member, want[name]) || (member == nil) != (want[name] == nil) {
			t.Fatalf("member: got %s, want %s", member, want[name])
		}
		delete(want, name)
		var got map[string]json.RawMessage
		modelstest.NoError(t, json.Unmarshal(rest, &got))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("rest (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(
			slices.DeleteFunc(keys(t, text), func(k string) bool { return k == name }), keys(t, rest),
		); diff != "" {
			t.Fatalf("keys (-want +got):\n%s", diff)
		}
	})
}

// keys are the names of an object in their order.
func keys(tb testing.TB, object []byte) []string {
	tb.Helper()
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		tb.Fatal(err)
	}
	names := []string{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			tb.Fatal(err)
		}
		names = append(names, name.(string))
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			tb.Fatal(err)
		}
	}
	return names
}
