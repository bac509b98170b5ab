package graph

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"
)

func unknownField(f *ast.Field) string {
	known := make([]string, len(f.ObjectDefinition.Fields))
	for i, d := range f.ObjectDefinition.Fields {
		known[i] = d.Name
	}
	return "The type " + f.ObjectDefinition.Name + " has no field " + name(f.Name) + "." + suggestion(f.Name, known)
}

func unknownArguments(node any) string {
	of, given, defined := argumentsOf(node)
	known := make([]string, len(defined))
	for i, d := range defined {
		known[i] = d.Name
	}
	unknown := func(a *ast.Argument) (string, bool) { return a.Name, !slices.Contains(known, a.Name) }
	first := slices.IndexFunc(given, func(a *ast.Argument) bool { return !slices.Contains(known, a.Name) })
	return of + " has no argument " + names(given, unknown) + "." + suggestion(given[first].Name, known)
}

func missingArguments(node any) string {
	of, given, defined := argumentsOf(node)
	missing := func(d *ast.ArgumentDefinition) (string, bool) {
		return d.Name, d.Type.NonNull && d.DefaultValue == nil && given.ForName(d.Name) == nil
	}
	return of + " needs the argument " + names(defined, missing) + "."
}

func argumentsOf(node any) (of string, given ast.ArgumentList, defined ast.ArgumentDefinitionList) {
	if d, ok := node.(*ast.Directive); ok {
		return "The directive @" + d.Name, d.Arguments, d.Definition.Arguments
	}
	f := node.(*ast.Field)
	return "The field " + f.ObjectDefinition.Name + "." + f.Name, f.Arguments, f.Definition.Arguments
}

// suggestion names what the caller may have meant. A long name is nobody's slip, and dear to compare.
func suggestion(given string, known []string) string {
	if len(given) > maxNameBytes {
		return ""
	}
	if similar := core.SuggestionList(given, known); len(similar) > 0 {
		return " Did you mean " + core.QuotedOrList(similar...) + "?"
	}
	return ""
}

func misplacedDirective(d *ast.Directive) string {
	if d.Definition == nil {
		return "There is no directive " + name("@"+d.Name) + "."
	}
	return "The directive @" + d.Name + " cannot stand at a " + string(d.Location) + "."
}

func unknownType(node any) string {
	unknown := ""
	switch n := node.(type) {
	case *ast.VariableDefinition:
		unknown = n.Type.Name()
	case *ast.InlineFragment:
		unknown = n.TypeCondition
	case *ast.FragmentDefinition:
		unknown = n.TypeCondition
	}
	return "There is no type " + name(unknown) + "."
}

func impossibleSpread(node any) string {
	object, condition := (*ast.Definition)(nil), ""
	switch n := node.(type) {
	case *ast.InlineFragment:
		object, condition = n.ObjectDefinition, n.TypeCondition
	case *ast.FragmentSpread:
		object, condition = n.ObjectDefinition, n.Definition.TypeCondition
	}
	return "A fragment on " + name(condition) + " has no place here: nothing of the type " + object.Name + " is one."
}

func leaf(f *ast.Field) string {
	if len(f.SelectionSet) > 0 {
		return "The field " + f.ObjectDefinition.Name + "." + f.Name + " of the type " + f.Definition.Type.String() +
			" has no fields to select."
	}
	return "The field " + f.ObjectDefinition.Name + "." + f.Name + " of the type " + f.Definition.Type.String() +
		" needs a selection of its fields."
}

func unfitValue(v *ast.Value) string {
	sentence := "The value here must be of the type " + name(v.ExpectedType.String()) + "."
	if v.Kind != ast.ObjectValue || v.Definition.Kind != ast.InputObject {
		return sentence
	}
	unknown := names(
		v.Children, func(c *ast.ChildValue) (string, bool) { return c.Name, v.Definition.Fields.ForName(c.Name) == nil },
	)
	missing := names(v.Definition.Fields, func(d *ast.FieldDefinition) (string, bool) {
		return d.Name, d.Type.NonNull && d.DefaultValue == nil && v.Children.ForName(d.Name) == nil
	})
	if unknown != "" {
		sentence += " That has no " + unknown + "."
	}
	if missing != "" {
		sentence += " That needs " + missing + "."
	}
	return sentence
}

func unfitVariable(v *ast.Value) string {
	if v.Kind != ast.Variable {
		return "A variable in an input of which exactly one field is given must be of a type that is not null."
	}
	return "The variable " + name("$"+v.Raw) + " of the type " + name(v.VariableDefinition.Type.String()) +
		" stands where " +
		name(v.ExpectedType.String()) + " is expected."
}

// unfitInput is about a variable, or a part of it, that does not fit its type.
func unfitInput(schema *ast.Schema, operation *ast.OperationDefinition, path ast.Path) *gqlerror.Error {
	variable, _ := path[0].(ast.PathName)
	at, typ := "$"+string(variable), operation.VariableDefinitions.ForName(string(variable)).Type
	for _, element := range path[1:] {
		switch e := element.(type) {
		case ast.PathIndex:
			at, typ = fmt.Sprintf("%s[%d]", at, e), cmp.Or(typ.Elem, typ)
		case ast.PathName:
			for typ.Elem != nil {
				typ = typ.Elem
			}
			field := schema.Types[typ.NamedType].Fields.ForName(string(e))
			if field == nil {
				return invalid(nil, "The variable %s has a field that its type %s has not.", name(at), name(typ.NamedType))
			}
			at, typ = at+"."+field.Name, field.Type
		}
	}
	err := invalid(nil, "The variable %s must be of the type %s.", name(at), name(typ.String()))
	err.Path = append(ast.Path{ast.PathName("variable")}, path...)
	return err
}
