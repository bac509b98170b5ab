package graph

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/ringback/ringback/models"
)

// sameCall is a text of a mutation and its arguments that is the same where they mean the same: as variables or
// literals, in any order of fields, with default values or without, and in any spelling of an id, a time or a length of
// time. What is null is as left out.
func sameCall(schema *ast.Schema, field graphql.CollectedField, variables map[string]any) ([]byte, error) {
	arguments, given := map[string]any{}, field.ArgumentMap(variables)
	for _, a := range field.Definition.Arguments {
		arguments[a.Name] = canonical(schema, a.Type, given[a.Name])
	}
	text, err := json.Marshal(arguments)
	return append([]byte(field.Name+" "), text...), err
}

func canonical(schema *ast.Schema, t *ast.Type, value any) any {
	if value == nil {
		return nil
	}
	if t.Elem != nil {
		list, is := value.([]any)
		if !is {
			list = []any{value}
		}
		same := make([]any, len(list))
		for i, v := range list {
			same[i] = canonical(schema, t.Elem, v)
		}
		return same
	}
	if definition := schema.Types[t.NamedType]; definition.Kind == ast.InputObject {
		return canonicalInput(schema, definition, value)
	}
	return canonicalScalar(t.NamedType, value)
}

func canonicalInput(schema *ast.Schema, definition *ast.Definition, value any) any {
	given, is := value.(map[string]any)
	if !is {
		return value
	}
	same := map[string]any{}
	for _, f := range definition.Fields {
		v, has := given[f.Name]
		if !has && f.DefaultValue != nil {
			v, _ = f.DefaultValue.Value(nil) // a constant of the schema
		}
		if v = canonical(schema, f.Type, v); v != nil {
			same[f.Name] = v
		}
	}
	return same
}

// canonicalScalar leaves as it is what it cannot read, which the mutation refuses.
func canonicalScalar(name string, value any) any {
	switch name {
	case "ObjectID": // which type it is of the field says
		if id, err := UnmarshalObjectID(value); err == nil {
			return id.Raw
		}
	case "DateTime":
		if at, err := UnmarshalDateTime(value); err == nil {
			return at.UTC().Format(time.RFC3339Nano)
		}
	case "Duration":
		if d, err := UnmarshalDuration(value); err == nil {
			return d
		}
	case scalarJSON:
		if text, err := UnmarshalJSON(value); err == nil {
			return models.SameJSON(text)
		}
	case "Int", "ID":
		return fmt.Sprint(value)
	}
	return value
}
