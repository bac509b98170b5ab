package graph

import (
	"cmp"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// The schema that introspection and GET /schema.graphqls show has a description of everything: where its files have
// none, as the name says all, it is found here by that name. Who may use a field is said by its @allow.
var _ = describe(parsedSchema)

func describe(schema *ast.Schema) *ast.Schema {
	for _, definition := range schema.Types {
		if definition.BuiltIn {
			continue
		}
		definition.Description = cmp.Or(definition.Description, typeDescription(schema, definition.Name))
		for _, value := range definition.EnumValues {
			value.Description = cmp.Or(value.Description, descriptions[definition.Name+"."+value.Name])
		}
		root := definition == schema.Query || definition == schema.Mutation || definition == schema.Subscription
		for _, field := range definition.Fields {
			field.Description = cmp.Or(
				field.Description, descriptions[definition.Name+"."+field.Name], fieldDescription(schema, definition, field),
			)
			if callers := callersOf(schema, field, root); callers != "" {
				field.Description = strings.TrimRight(field.Description, "\n") + "\n\n" + callers
			}
			for _, argument := range field.Arguments {
				argument.Description = cmp.Or(argument.Description, argumentDescriptions[argument.Name])
			}
		}
	}
	return schema
}

// callersOf says who may use a field, in the words of the enum of callers; empty: who may use what it is of.
func callersOf(schema *ast.Schema, field *ast.FieldDefinition, root bool) string {
	allow := field.Directives.ForName("allow")
	switch {
	case allow != nil:
		who := schema.Types["Caller"].EnumValues.ForName(allow.Arguments.ForName("who").Value.Raw).Description
		return "Callers: " + strings.ToLower(who[:1]) + who[1:]
	case root && !strings.HasPrefix(field.Name, "__"):
		return "Callers: anyone."
	}
	return ""
}

func typeDescription(schema *ast.Schema, name string) string {
	if own := descriptions[name]; own != "" {
		return own
	}
	if of, is := strings.CutSuffix(name, "Connection"); is {
		return "A page of a list of what `" + of + "Edge` has: see `PageInfo`."
	}
	if of, is := strings.CutSuffix(name, "Edge"); is {
		return "One of a `" + of + "Connection`, with its place."
	}
	if mutation := mutationOf(schema, name, "Input"); mutation != "" {
		return "What `" + mutation + "` is given."
	}
	if mutation := mutationOf(schema, name, "Payload"); mutation != "" {
		return "What `" + mutation + "` answers."
	}
	return ""
}

// mutationOf is the mutation that a type is named after; empty: none.
func mutationOf(schema *ast.Schema, name, suffix string) string {
	of, is := strings.CutSuffix(name, suffix)
	if !is || of == "" {
		return ""
	}
	mutation := strings.ToLower(of[:1]) + of[1:]
	if schema.Mutation.Fields.ForName(mutation) == nil {
		return ""
	}
	return mutation
}

func fieldDescription(schema *ast.Schema, definition *ast.Definition, field *ast.FieldDefinition) string {
	of := schema.Types[field.Type.Name()]
	if mutationOf(schema, definition.Name, "Payload") != "" && of.Kind == ast.Object {
		return "As it is now."
	}
	if definition.Kind == ast.InputObject && field.Type.Name() == "ObjectID" {
		return "Its number will do, too."
	}
	return fieldDescriptions[field.Name]
}
