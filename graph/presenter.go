package graph

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/ringback/ringback/models"
)

// present is the one place where an error becomes an answer. A domain error is shown with its code and field; gqlgen's own
// errors about the document pass; anything else is one sentence for the caller and one line, with the cause, in the log.
func (h *handler) present(ctx context.Context, err error) *gqlerror.Error {
	var shown *gqlerror.Error
	if !errors.As(err, &shown) {
		shown = &gqlerror.Error{Err: err, Path: graphql.GetPath(ctx)}
	}
	var known *models.Error
	switch {
	case errors.As(err, &known):
		e := *known
		if e.Field == "" && e.Code == models.CodeBadUserInput {
			e.Field = lastName(shown.Path)
		}
		return answer(shown.Path, e.Error(), e.Code, e.Field)
	case shown.Err == nil: // about the document itself: malformed, invalid, too complex
		shown.Message = withoutValues(shown.Message)
		return shown
	case errors.Is(err, context.Canceled):
		return answer(shown.Path, "The request was cancelled.", models.CodeInternal, "")
	}
	id := models.RequestID(ctx)
	h.log.ErrorContext(ctx, "graphql.error", "request_id", id, "path", shown.Path.String(), "error", err)
	e := answer(shown.Path, "Something went wrong on our side; the request id is "+id+".", models.CodeInternal, "")
	e.Extensions["requestId"] = id
	return e
}

// withoutValues drops what gqlgen repeats of a request that it could not read (the whole body, the whole input object):
// it can hold a header value or a key.
func withoutValues(message string) string {
	if strings.HasPrefix(message, "json request body") {
		message, _, _ = strings.Cut(message, " body:")
	}
	message, _, _ = strings.Cut(message, ", found ")
	return message
}

func answer(path ast.Path, message string, code models.Code, field string) *gqlerror.Error {
	e := &gqlerror.Error{Message: message, Path: path, Extensions: map[string]any{"code": code}}
	if field != "" {
		e.Extensions["field"] = field
	}
	return e
}

// lastName is the innermost field of a path: for an id that could not be read, the argument's name.
func lastName(path ast.Path) string {
	for i := len(path) - 1; i >= 0; i-- {
		if name, ok := path[i].(ast.PathName); ok {
			return string(name)
		}
	}
	return ""
}

// recovered turns a panic in a resolver into an error that presents as internal; its text, with the stack, goes to the log only.
func (h *handler) recovered(_ context.Context, cause any) error {
	return fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
}
