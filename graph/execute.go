package graph

import (
	"bytes"
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// executor executes operations. gqlgen's own Exec makes a map of all inputs for each of them, for those who read inputs
// by their types: nobody does here, and it is a seventh of what a mutation allocates.
type executor struct{ *executableSchema }

// Exec is graphql.ExecutableSchema.
func (e executor) Exec(ctx context.Context) graphql.ResponseHandler {
	operation := graphql.GetOperationContext(ctx)
	execution := newExecutionContext(operation, e.executableSchema, nil) // nothing is deferred: see atOnce
	switch operation.Operation.Operation {
	case ast.Mutation:
		return answerOnce(execution._Mutation)
	case ast.Subscription:
		return execution.subscription(ctx)
	default:
		return answerOnce(execution._Query)
	}
}

// answerOnce is one answer, and no other one.
func answerOnce(execute func(context.Context, ast.SelectionSet) graphql.Marshaler) graphql.ResponseHandler {
	answered := false
	return func(ctx context.Context) *graphql.Response {
		if answered {
			return nil
		}
		answered = true
		var text bytes.Buffer
		execute(ctx, graphql.GetOperationContext(ctx).Operation.SelectionSet).MarshalGQL(&text)
		return &graphql.Response{Data: text.Bytes()}
	}
}
