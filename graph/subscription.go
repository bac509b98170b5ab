package graph

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/ringback/ringback/models"
)

// subscription makes answers within the bounds of a request's: gqlgen would make each as a whole before anybody could say
// that it is too large, and for however long it takes.
func (e *executionContext) subscription(ctx context.Context) graphql.ResponseHandler {
	operation := e.OperationContext
	fields := graphql.CollectFields(operation, operation.Operation.SelectionSet, subscriptionImplementors)
	if len(fields) != 1 || strings.HasPrefix(fields[0].Name, "__") {
		graphql.AddError(ctx, invalid(operation.Operation.Position, "A subscription has one field, and no field that begins with __."))
		return nil
	}
	next := e._Subscription(ctx, operation.Operation.SelectionSet)
	return func(ctx context.Context) *graphql.Response {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		event := next(ctx) // which it waits for
		if event == nil {
			return nil
		}
		overdue := time.AfterFunc(models.WorkTime, cancel)
		defer overdue.Stop()
		return &graphql.Response{Data: textOf(ctx, event)}
	}
}

// textOf is nil where the answer has no room: it says why.
func textOf(ctx context.Context, event graphql.Marshaler) (text []byte) {
	defer func() {
		if cause := recover(); cause != nil {
			if cause != errBeyond {
				panic(cause)
			}
			text = nil
		}
	}()
	w := eventText{ctx: ctx, answer: models.AnswerFrom(ctx)}
	event.MarshalGQL(&w)
	return w.text.Bytes()
}

// eventText counts what is written of an event before it holds it.
type eventText struct {
	ctx    context.Context //nolint:containedctx // marshalers know none
	answer *models.Answer
	text   bytes.Buffer
}

func (w *eventText) Write(p []byte) (int, error) {
	if w.answer.Write(w.ctx, int64(len(p))) != nil {
		panic(errBeyond)
	}
	return w.text.Write(p)
}
