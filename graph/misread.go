package graph

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/ringback/ringback/models"
)

// mutation puts values that can be read into the places of those that cannot, so that gqlgen goes on, and keeps what is
// wrong with these: the mutation is refused.
func (r *rewriter) mutation(field *ast.Field) {
	m := misread{schema: r.schema}
	given := field.ArgumentMap(r.variables)
	for _, argument := range field.Arguments {
		value, has := given[argument.Name]
		definition := field.Definition.Arguments.ForName(argument.Name)
		if !has || definition == nil {
			continue
		}
		if readable, changed := m.value(definition.Type, &inputPlace{}, value); changed {
			argument.Value = r.replaced(readable)
		}
	}
	if m.problems != nil {
		if r.misread == nil {
			r.misread = map[string]error{}
		}
		r.misread[field.Alias] = models.AllProblems(m.problems...)
	}
}

// refusing resolves mutations that cannot be read only to find what else is wrong with them.
func (r *rewriter) refusing(resolve graphql.FieldMiddleware) graphql.FieldMiddleware {
	if r.misread == nil {
		return resolve
	}
	return func(ctx context.Context, next graphql.Resolver) (any, error) {
		field := graphql.GetFieldContext(ctx)
		refusal := r.misread[field.Field.Alias]
		if refusal == nil || field.Object != r.schema.Mutation.Name {
			return resolve(ctx, next)
		}
		return models.Refused(ctx, refusal, func(ctx context.Context) (any, error) { return resolve(ctx, next) })
	}
}

// misread finds the scalars of arguments that cannot be read.
type misread struct {
	schema   *ast.Schema
	problems []error
}

// inputPlace is that of a value: the name of a field, or an index of a list, within another. The input is within none.
type inputPlace struct {
	within *inputPlace
	name   string // empty: it is the index
	index  int
}

// String is a place in an input, such as crawls.3.crawlId.
func (p *inputPlace) String() string {
	name := p.name
	if name == "" {
		name = strconv.Itoa(p.index)
	}
	if p.within.within == nil {
		return name
	}
	return p.within.String() + "." + name
}

// value returns the same value where all of it can be read.
func (m *misread) value(t *ast.Type, at *inputPlace, value any) (readable any, changed bool) {
	if value == nil {
		return nil, false
	}
	if t.Elem != nil {
		return m.list(t, at, value)
	}
	if scalar, is := readers[t.NamedType]; is {
		err := scalar.read(value)
		if err == nil {
			return value, false
		}
		m.problems = append(m.problems, badInput(at.String(), err.Error()))
		if scalar.instead == nil { // ids of nothing, none twice
			return models.ObjectID{Raw: -int64(len(m.problems))}, true
		}
		return scalar.instead, true
	}
	if definition := m.schema.Types[t.NamedType]; definition.Kind == ast.InputObject {
		return m.object(definition, at, value)
	}
	return value, false
}

func (m *misread) list(t *ast.Type, at *inputPlace, value any) (any, bool) {
	list, is := value.([]any)
	if !is {
		list = []any{value}
	}
	var out []any // nil: as it is
	for i, v := range list {
		if readable, changed := m.value(t.Elem, &inputPlace{within: at, index: i}, v); changed {
			if out == nil {
				out = slices.Clone(list)
			}
			out[i] = readable
		}
	}
	if out == nil {
		return value, false
	}
	return out, true
}

func (m *misread) object(definition *ast.Definition, at *inputPlace, value any) (any, bool) {
	given, is := value.(map[string]any)
	if !is {
		return value, false
	}
	var out map[string]any // nil: as it is
	for _, f := range definition.Fields {
		t := f.Type
		if t.NamedType == "ID" && definition.Name == callbackFilter {
			t = &ast.Type{NamedType: uuidType}
		}
		if readable, changed := m.value(t, &inputPlace{within: at, name: f.Name}, given[f.Name]); changed {
			if out == nil {
				out = maps.Clone(given)
			}
			out[f.Name] = readable
		}
	}
	if out == nil {
		return value, false
	}
	return out, true
}

const (
	callbackFilter = "CallbackFilter" // whose IDs are UUIDs
	uuidType       = "UUID"
)

// readers are of the scalars that a document may have in a form that is none; each with one that can be read.
var readers = map[string]struct {
	read    func(any) error
	instead any
}{
	"ObjectID": {errorOf(UnmarshalObjectID), nil},
	"DateTime": {errorOf(UnmarshalDateTime), "2000-01-01T00:00:00Z"},
	"Duration": {errorOf(UnmarshalDuration), "1h"},
	uuidType:   {errorOf(UnmarshalUUID), "00000000-0000-0000-0000-000000000000"},
	"Int":      {errorOf(graphql.UnmarshalInt), 1},
}

func errorOf[T any](read func(any) (T, error)) func(any) error {
	return func(v any) error {
		_, err := read(v)
		return err
	}
}
