package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// arguments mends what gqlparser makes of two kinds of arguments:
//   - `{apiCallbackUrl: $url}` without a value for $url leaves the field out, as the GraphQL specification has it (3.10, input
//     coercion of input objects); gqlparser reads it as null, which would clear the field.
//   - A literal number that no int64 holds, as an id, is BAD_USER_INPUT; gqlparser panics.
type arguments struct{}

var _ graphql.OperationContextMutator = arguments{}

// ExtensionName is graphql.HandlerExtension.
func (arguments) ExtensionName() string { return "Arguments" }

// Validate is graphql.HandlerExtension.
func (arguments) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext is graphql.OperationContextMutator. The document is shared through the cache: what changes is copied.
func (arguments) MutateOperationContext(_ context.Context, opCtx *graphql.OperationContext) *gqlerror.Error {
	err := unreadable(opCtx.Operation.SelectionSet)
	for _, fragment := range opCtx.Doc.Fragments {
		if err == nil {
			err = unreadable(fragment.SelectionSet)
		}
	}
	if err != nil || opCtx.Operation.Operation != ast.Mutation {
		return err // only a mutation tells what is left out from what is null
	}
	operation := *opCtx.Operation
	operation.SelectionSet = withoutAbsent(operation.SelectionSet, opCtx.Variables)
	opCtx.Operation = &operation
	return nil
}

// unreadable returns the error about the first argument whose value cannot be read.
func unreadable(set ast.SelectionSet) *gqlerror.Error {
	for _, selection := range set {
		var err *gqlerror.Error
		switch s := selection.(type) {
		case *ast.InlineFragment:
			err = unreadable(s.SelectionSet)
		case *ast.Field:
			for _, argument := range s.Arguments {
				if _, unread := argument.Value.Value(nil); unread != nil {
					return &gqlerror.Error{Err: badInput(argument.Name, "the number is too large")}
				}
			}
			err = unreadable(s.SelectionSet)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func withoutAbsent(set ast.SelectionSet, given map[string]any) ast.SelectionSet {
	out := make(ast.SelectionSet, len(set))
	for i, selection := range set {
		out[i] = selection
		if field, ok := selection.(*ast.Field); ok {
			changed := *field
			changed.Arguments = make(ast.ArgumentList, len(field.Arguments))
			for j, argument := range field.Arguments {
				changedArgument := *argument
				changedArgument.Value = valueWithoutAbsent(argument.Value, given)
				changed.Arguments[j] = &changedArgument
			}
			out[i] = &changed
		}
	}
	return out
}

func valueWithoutAbsent(v *ast.Value, given map[string]any) *ast.Value {
	if v.Kind != ast.ObjectValue && v.Kind != ast.ListValue {
		return v
	}
	changed := *v
	changed.Children = nil
	for _, child := range v.Children {
		_, has := given[child.Value.Raw]
		if v.Kind == ast.ObjectValue && child.Value.Kind == ast.Variable && !has {
			continue
		}
		changedChild := *child
		changedChild.Value = valueWithoutAbsent(child.Value, given)
		changed.Children = append(changed.Children, &changedChild)
	}
	return &changed
}
