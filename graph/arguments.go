package graph

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// arguments is the one place where arguments become something else than what gqlparser reads:
//   - JSON keeps its text: gqlparser loses the order of keys and the spelling of numbers, and refuses numbers that no int64 or float64 holds.
//     Its text is taken from the body for variables, and written for literals (jsonTexts).
//   - `{apiCallbackUrl: $url}` without a value for $url leaves the field out, as the GraphQL specification has it (3.10, input coercion of input
//     objects); gqlparser reads it as null, which would clear the field.
//   - A literal number that no int64 holds, as an id, is BAD_USER_INPUT; gqlparser panics.
//   - A mutation that has ids, times and the like that cannot be read tells all of them, and what else is wrong (misread); gqlgen tells the first.
type arguments struct {
	schema    *ast.Schema
	holdsJSON map[string]bool // JSON, and the input objects that have it somewhere inside
}

var _ graphql.OperationContextMutator = (*arguments)(nil)

func newArguments(schema *ast.Schema) *arguments {
	holds := map[string]bool{scalarJSON: true}
	for before := 0; before != len(holds); {
		before = len(holds)
		for name, definition := range schema.Types {
			inside := func(f *ast.FieldDefinition) bool { return holds[f.Type.Name()] }
			if definition.Kind == ast.InputObject && slices.ContainsFunc(definition.Fields, inside) {
				holds[name] = true
			}
		}
	}
	return &arguments{schema, holds}
}

// ExtensionName is graphql.HandlerExtension.
func (*arguments) ExtensionName() string { return "Arguments" }

// Validate is graphql.HandlerExtension.
func (*arguments) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext is graphql.OperationContextMutator. The document is shared through the cache: what changes is
// copied.
func (a *arguments) MutateOperationContext(ctx context.Context, opCtx *graphql.OperationContext) *gqlerror.Error {
	document, operation := new(*opCtx.Doc), new(*opCtx.Operation)
	document.Fragments = nil
	texts := &jsonTexts{definitions: operation.VariableDefinitions}
	texts.body, _ = ctx.Value(bodyKey{}).([]byte)
	r := &rewriter{arguments: a, document: document, variables: opCtx.Variables, texts: texts}
	for _, d := range operation.VariableDefinitions {
		if a.holdsJSON[d.Type.Name()] {
			r.variable(d)
		}
	}
	operation.SelectionSet = r.set(operation.SelectionSet)
	opCtx.Doc, opCtx.Operation = document, operation
	opCtx.ResolverMiddleware = r.refusing(opCtx.ResolverMiddleware)
	if err := cmp.Or(r.err, texts.err); err != nil {
		return &gqlerror.Error{Err: err}
	}
	return nil
}

// rewriter copies an operation and the fragments that it uses, with their arguments as they are to be read.
type rewriter struct {
	*arguments
	document  *ast.QueryDocument
	variables map[string]any
	texts     *jsonTexts
	literals  int              // that have become variables
	err       error            // the first
	misread   map[string]error // by the alias of a mutation
}

// variable puts the text of JSON in place of what gqlgen has decoded.
func (r *rewriter) variable(d *ast.VariableDefinition) {
	if text, has := r.texts.ofVariable(d.Variable); has {
		r.variables[d.Variable] = r.read(d.Type, text)
	}
}

// read decodes a text that fits its type, down to the JSON in it. It goes through a text once for each value that it is
// in, of which the schema has a few: an input that holds JSON must not hold itself.
func (r *rewriter) read(t *ast.Type, text json.RawMessage) any {
	switch {
	case text[0] == 'n': // null
		return nil
	case t.NamedType == scalarJSON:
		return text
	case !r.holdsJSON[t.Name()]:
		var value any
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		r.err = cmp.Or(r.err, decoder.Decode(&value))
		return value
	case t.Elem != nil:
		elements := []json.RawMessage{text} // a single value stands for a list of one
		if text[0] == '[' {
			r.err = cmp.Or(r.err, json.Unmarshal(text, &elements))
		}
		list := make([]any, len(elements))
		for i, element := range elements {
			list[i] = r.read(t.Elem, element)
		}
		return list
	}
	var members map[string]json.RawMessage
	r.err = cmp.Or(r.err, json.Unmarshal(text, &members))
	object, fields := map[string]any{}, r.schema.Types[t.NamedType].Fields
	for name, member := range members {
		if field := fields.ForName(name); field != nil { // else __typename, which gqlgen lets pass
			object[name] = r.read(field.Type, member)
		}
	}
	return object
}

func (r *rewriter) set(set ast.SelectionSet) ast.SelectionSet {
	out := slices.Clone(set)
	for i, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			field := new(*s)
			field.Arguments, field.Directives = r.list(s.Arguments), slices.Clone(s.Directives)
			for j, directive := range s.Directives {
				field.Directives[j] = new(*directive)
				field.Directives[j].Arguments = r.list(directive.Arguments)
			}
			field.SelectionSet = r.set(s.SelectionSet)
			if s.ObjectDefinition == r.schema.Mutation && r.err == nil {
				r.mutation(field)
			}
			out[i] = field
		case *ast.InlineFragment:
			fragment := new(*s)
			fragment.SelectionSet, fragment.Directives = r.set(s.SelectionSet), atOnce(s.Directives)
			out[i] = fragment
		case *ast.FragmentSpread: // gqlgen finds the fragment by its name
			spread := new(*s)
			spread.Directives = atOnce(s.Directives)
			out[i] = spread
			if r.document.Fragments.ForName(s.Name) == nil {
				fragment := new(*s.Definition)
				fragment.SelectionSet = r.set(fragment.SelectionSet)
				r.document.Fragments = append(r.document.Fragments, fragment)
			}
		}
	}
	return out
}

// atOnce leaves out @defer: gqlgen would leave a part out of the one answer that there is, and wait for ever for who
// asks for it. To defer is a server's choice.
func atOnce(directives ast.DirectiveList) ast.DirectiveList {
	return slices.DeleteFunc(slices.Clone(directives), func(d *ast.Directive) bool { return d.Name == "defer" })
}

func (r *rewriter) list(list ast.ArgumentList) ast.ArgumentList {
	out := make(ast.ArgumentList, len(list))
	for i, argument := range list {
		out[i] = new(*argument)
		out[i].Value = r.value(argument.Name, argument.Value)
	}
	return out
}

// value makes a variable of JSON.
func (r *rewriter) value(argument string, v *ast.Value) *ast.Value {
	switch {
	case isJSONLiteral(v):
		return r.replaced(r.texts.ofLiteral(v))
	case v.Kind != ast.ObjectValue && v.Kind != ast.ListValue:
		if _, err := v.Value(nil); err != nil {
			r.err = cmp.Or(r.err, badInput(argument, "the number is too large"))
		}
		return v
	}
	out := new(*v)
	out.Children = nil
	for _, child := range v.Children {
		_, has := r.variables[child.Value.Raw]
		if v.Kind == ast.ListValue || child.Value.Kind != ast.Variable || has {
			child = new(*child)
			child.Value = r.value(argument, child.Value)
			out.Children = append(out.Children, child)
		}
	}
	return out
}

// replaced is a variable of a value, under a name that no document can spell.
func (r *rewriter) replaced(value any) *ast.Value {
	name := "\x00" + strconv.Itoa(r.literals)
	r.literals++
	r.variables[name] = value
	return &ast.Value{Kind: ast.Variable, Raw: name}
}

func isJSONLiteral(v *ast.Value) bool {
	if v.Definition == nil || v.Definition.Name != scalarJSON || v.Kind == ast.Variable || v.Kind == ast.NullValue {
		return false
	}
	return v.Kind != ast.ListValue || v.ExpectedType.Elem == nil // else its elements are JSON
}
