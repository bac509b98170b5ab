package main

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	gocmp "github.com/google/go-cmp/cmp"
)

// doors compares two OpenAPI documents. A coordinate is a method and a path, with what is meant behind them: `GET
// /v1/jobs/{job_id} 200 id`, `POST /v1/x request inputs`, `GET /v1/x parameter limit`; or, for what several doors
// share, `schemas/Job.id`.
type doors struct {
	found []breach
	seen  map[pairOfSchemas]bool
}

type pairOfSchemas struct {
	was, is *openapi3.Schema
	answer  bool
}

// breachesOfDoors are what breaks a request that was right before, or who reads its answer. How long or large a value
// may be is not looked at.
func breachesOfDoors(before, now *openapi3.T) []breach {
	d := &doors{seen: map[pairOfSchemas]bool{}}
	for path, was := range before.Paths.Map() {
		is := now.Paths.Value(path)
		for method, old := range was.Operations() {
			at := method + " " + path
			if is == nil || is.GetOperation(method) == nil {
				d.add(at, "was removed")
				continue
			}
			d.parameters(
				at, slices.Concat(was.Parameters, old.Parameters), slices.Concat(is.Parameters, is.GetOperation(method).Parameters),
			)
			d.operation(at, old, is.GetOperation(method))
		}
	}
	slices.SortFunc(
		d.found, func(a, b breach) int { return cmp.Or(strings.Compare(a.at, b.at), strings.Compare(a.what, b.what)) },
	)
	return slices.Compact(d.found)
}

func (d *doors) add(at, what string) { d.found = append(d.found, breach{at, what}) }

func (d *doors) parameters(at string, before, now openapi3.Parameters) {
	for _, old := range before {
		at := at + " parameter " + old.Value.Name
		if is := now.GetByInAndName(old.Value.In, old.Value.Name); is != nil {
			d.schema(at, old.Value.Schema, is.Schema, false)
		} else {
			d.add(at, "was removed")
		}
	}
	for _, is := range now {
		old := before.GetByInAndName(is.Value.In, is.Value.Name)
		if is.Value.Required && (old == nil || !old.Required) {
			d.add(at+" parameter "+is.Value.Name, "is required")
		}
	}
}

func (d *doors) operation(at string, was, is *openapi3.Operation) {
	if is.RequestBody != nil {
		body := is.RequestBody.Value
		if body.Required && (was.RequestBody == nil || !was.RequestBody.Value.Required) {
			d.add(at+" request", "is required")
		}
		if was.RequestBody != nil {
			d.content(at+" request", was.RequestBody.Value.Content, body.Content, false)
		}
	} else if was.RequestBody != nil {
		d.add(at+" request", "was removed")
	}
	for status, old := range was.Responses.Map() {
		if response := is.Responses.Value(status); response != nil {
			d.content(at+" "+status, old.Value.Content, response.Value.Content, true)
		} else if strings.HasPrefix(status, "2") { // an error that comes no more breaks nobody
			d.add(at+" "+status, "was removed")
		}
	}
}

func (d *doors) content(at string, before, now openapi3.Content, answer bool) {
	for kind, old := range before {
		if is := now[kind]; is != nil {
			d.schema(at, old.Schema, is.Schema, answer)
		} else {
			d.add(at, "is no longer "+kind)
		}
	}
}

// schema compares what an answer has, or what a request may have.
func (d *doors) schema(at string, before, now *openapi3.SchemaRef, answer bool) {
	if before == nil || now == nil { // what anything may be
		if before != now {
			d.add(at, "has or lacks a schema")
		}
		return
	}
	was, is := before.Value, now.Value
	wasNull, isNull := takesNull(was), takesNull(is)
	was, is = withoutNull(was), withoutNull(is)
	pair := pairOfSchemas{was, is, answer}
	if d.seen[pair] {
		return
	}
	d.seen[pair] = true
	if name, shared := strings.CutPrefix(before.Ref, "#/components/"); shared {
		at = name
	}
	// What comes may be less than it was, and what is taken more.
	wide, wideNull, narrowNull := was, wasNull, isNull
	if !answer {
		wide, wideNull, narrowNull = is, isNull, wasNull
	}
	if types := typesOf(wide); !slices.Equal(typesOf(was), typesOf(is)) && types != nil || was.Format != is.Format {
		d.add(at, "became another type")
	}
	if narrowNull && !wideNull {
		d.add(at, map[bool]string{true: "may be null", false: "may no longer be null"}[answer])
	}
	if !answer && is.Enum != nil {
		for _, value := range was.Enum {
			if !slices.Contains(is.Enum, value) {
				d.add(at, "no longer takes a value that it took")
			}
		}
		if was.Enum == nil {
			d.add(at, "takes certain values only")
		}
	}
	if len(was.OneOf)+len(was.AnyOf)+len(is.OneOf)+len(is.AnyOf) > 0 {
		d.add(at, "has alternatives, which this test cannot compare")
	}
	d.properties(at, was, is, answer)
	if was.Items != nil && is.Items != nil {
		d.schema(at, was.Items, is.Items, answer)
	}
	if was.AdditionalProperties.Schema != nil && is.AdditionalProperties.Schema != nil {
		d.schema(at+".*", was.AdditionalProperties.Schema, is.AdditionalProperties.Schema, answer)
	}
}

// typesOf are the types of a schema but for null; nil: any.
func typesOf(s *openapi3.Schema) []string {
	types := slices.DeleteFunc(slices.Clone(s.Type.Slice()), func(name string) bool { return name == "null" })
	if len(types) == 0 || len(types) == 5 { // all that there are
		return nil
	}
	return types
}

func onlyNull(s *openapi3.SchemaRef) bool {
	return slices.Equal(s.Value.Type.Slice(), []string{"null"})
}

// takesNull knows the words of OpenAPI 3.0 and of 3.1.
func takesNull(s *openapi3.Schema) bool {
	return s.Nullable || slices.Contains(s.Type.Slice(), "null") || slices.ContainsFunc(s.AnyOf, onlyNull)
}

// withoutNull is what a schema is where it is not null, in 3.1 one of two.
func withoutNull(s *openapi3.Schema) *openapi3.Schema {
	switch {
	case len(s.AnyOf) != 2 || !onlyNull(s.AnyOf[1]):
		return s
	case s.AnyOf[0].Ref != "":
		return &openapi3.Schema{AllOf: s.AnyOf[:1]}
	}
	return s.AnyOf[0].Value
}

func (d *doors) properties(at string, was, is *openapi3.Schema, answer bool) {
	before, now := openapi3.Schemas{}, openapi3.Schemas{}
	demandedBefore, demandedNow := members(was, before), members(is, now)
	for name, old := range before {
		if property := now[name]; property != nil {
			d.schema(at+"."+name, old, property, answer)
		} else {
			d.add(at+"."+name, "was removed")
		}
	}
	if answer {
		for _, name := range demandedBefore {
			if !slices.Contains(demandedNow, name) && now[name] != nil {
				d.add(at+"."+name, "may be left out")
			}
		}
		return
	}
	for _, name := range demandedNow {
		if !slices.Contains(demandedBefore, name) {
			d.add(at+"."+name, "is required")
		}
	}
}

// members are those of a schema and of all that it is put together from: it returns which are required.
func members(s *openapi3.Schema, properties openapi3.Schemas) (required []string) {
	required = slices.Clone(s.Required)
	for _, part := range s.AllOf {
		required = append(required, members(part.Value, properties)...)
	}
	for name, property := range s.Properties {
		properties[name] = property
	}
	return required
}

func TestEveryBreachOfTheOpenAPIDocumentIsFound(t *testing.T) {
	t.Parallel()
	const base = `{"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": {"/a": {
		"get": {"parameters": [{"in": "query", "name": "p", "schema": {"type": "integer"}}],
			"responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}}}, "400": {"description": ""}}},
		"post": {"requestBody": {"content": {"application/json": {"schema": {"allOf": [{"type": "object", "required": ["r"], "properties": {
			"r": {"type": "string", "nullable": true}, "o": {"type": "string", "enum": ["X", "Y"]}}}]}}}}, "responses": {"201": {"description": ""}}}}},
		"components": {"schemas": {"Job": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "kids": {"type": "array",
			"items": {"$ref": "#/components/schemas/Job"}}, "state": {"type": "string", "enum": ["X", "Y"]}}}}}}`
	for name, c := range map[string]struct {
		from, to string
		want     []string
	}{
		"nothing":     {"", "", nil},
		"a path":      {`"/a"`, `"/b"`, []string{"`GET /a` was removed", "`POST /a` was removed"}},
		"a method":    {`"post":`, `"put":`, []string{"`POST /a` was removed"}},
		"a parameter": {`"name": "p"`, `"name": "q"`, []string{"`GET /a parameter p` was removed"}},
		"a parameter that is needed": {
			`"name": "p"`, `"name": "p", "required": true`, []string{"`GET /a parameter p` is required"},
		},
		"a new parameter, needed": {
			`"parameters": [`, `"parameters": [{"in": "query", "name": "n", "required": true, "schema": {}}, `,
			[]string{"`GET /a parameter n` is required"},
		},
		"another type of parameter": {
			`{"type": "integer"}}]`, `{"type": "string"}}]`, []string{"`GET /a parameter p` became another type"},
		},
		"an answer": {`"201"`, `"200"`, []string{"`POST /a 201` was removed"}},
		"an answer's field": {
			`"state": {"type": "string", "enum": ["X", "Y"]}`, `"other": {}`, []string{"`schemas/Job.state` was removed"},
		},
		"another type of field": {
			`"id": {"type": "integer"}`, `"id": {"type": "string"}`, []string{"`schemas/Job.id` became another type"},
		},
		"a field that may be null": {
			`"id": {"type": "integer"}`, `"id": {"type": "integer", "nullable": true}`, []string{"`schemas/Job.id` may be null"},
		},
		"a field that may be null, as 3.1 has it": {
			`"id": {"type": "integer"}`, `"id": {"type": ["integer", "null"]}`, []string{"`schemas/Job.id` may be null"},
		},
		"a field that is one of two, as 3.1 has null": {
			`"id": {"type": "integer"}`, `"id": {"anyOf": [{"type": "integer"}, {"type": "null"}]}`,
			[]string{"`schemas/Job.id` may be null"},
		},
		"null in the words of 3.1": {
			`"r": {"type": "string", "nullable": true}`, `"r": {"type": ["string", "null"]}`, nil,
		},
		"a field that may be missing": {
			`"required": ["id"]`, `"required": ["kids"]`, []string{"`schemas/Job.id` may be left out"},
		},
		"a request's field":         {`"o": {"type"`, `"n": {"type"`, []string{"`POST /a request.o` was removed"}},
		"a request's field, needed": {`["r"]`, `["r", "o"]`, []string{"`POST /a request.o` is required"}},
		"a request without null":    {`, "nullable": true`, ``, []string{"`POST /a request.r` may no longer be null"}},
		"a request's value": {
			`["X", "Y"]}}}]`, `["X"]}}}]`, []string{"`POST /a request.o` no longer takes a value that it took"},
		},
		"a request that is needed": {
			`"requestBody": {`, `"requestBody": {"required": true, `, []string{"`POST /a request` is required"},
		},
		"an error that comes no more": {`, "400": {"description": ""}`, "", nil},
		"what only adds": {
			`"id": {"type": "integer"}`, `"id": {"type": "integer"}, "more": {"type": "string"}`, nil,
		},
		"more that is accepted": {`"required": ["r"], `, ``, nil},
		"a value that is new":   {`["X", "Y"]}}}}}}`, `["X", "Y", "Z"]}}}}}}`, nil},
	} {
		var got []string
		for _, b := range breachesOfDoors(loadDoors(t, base), loadDoors(t, replaced(t, base, c.from, c.to))) {
			got = append(got, b.String())
		}
		if diff := gocmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// replaced is a text with one part changed, which must be there once.
func replaced(t *testing.T, text, from, to string) string {
	t.Helper()
	if from != "" && strings.Count(text, from) != 1 {
		t.Fatalf("%q stands there %d times", from, strings.Count(text, from))
	}
	return strings.Replace(text, from, to, 1)
}
