package graph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// present is the one place where an error becomes an answer. A domain error is shown with its code and field, one about
// the document in the sentence that it has; anything else is one sentence for the caller and one line for each cause in
// the log.
func (h *handler) present(ctx context.Context, err error) *gqlerror.Error {
	var shown *gqlerror.Error
	if !errors.As(err, &shown) {
		shown = &gqlerror.Error{Err: err, Path: graphql.GetPath(ctx)}
	}
	var known *models.Error
	headers, _ := ctx.Value(headersKey{}).(http.Header)
	err = tenant.Advised(each(ctx, err), headers)
	switch {
	case errors.As(err, &known):
		e := *known
		if e.Field == "" && e.Code == models.CodeBadUserInput {
			e.Field = fieldAt(shown.Path)
		}
		presented := answer(shown.Path, e.Error(), e.Code, e.Field)
		if e.Current != nil {
			presented.Extensions["current"] = current(e.Current)
		}
		if e.RetryAt != nil {
			presented.Extensions["retryAt"] = models.FormatTime(*e.RetryAt)
		}
		return presented
	case errors.Is(err, errDocument):
		return shown
	case shown.Err == nil && !graphql.HasOperationContext(ctx): // gqlgen's about the body, all of which it repeats
		return answer(nil, errBody.Error(), models.CodeBadUserInput, "body")
	case errors.Is(err, context.Canceled):
		return answer(shown.Path, "The request was cancelled.", models.CodeInternal, "")
	}
	if shown.Err != nil { // without its path
		err = shown.Err
	}
	h.fails(ctx, shown.Path.String(), err)
	if passes := cmp.Or(models.MayPass(err), models.MayPass(ctx.Err())); passes != nil {
		return answer(shown.Path, passes.Error(), passes.Code, "")
	}
	id := models.RequestID(ctx)
	e := answer(shown.Path, "Something went wrong on our side; the request id is "+id+".", models.CodeInternal, "")
	var unreadable *models.UnreadableError
	if errors.As(err, &unreadable) {
		e.Message = "What is stored here cannot be read any more: set it anew, or have the operator see whether the encryption key is " +
			"that of this database. The request id is " + id + "."
	}
	e.Extensions["requestId"] = id
	return e
}

var errBody = badInput("body", "must be a JSON object with the document in its member query, and nothing behind it")

// each adds all problems of an input but the last as errors of their own, in their order, and returns that.
func each(ctx context.Context, err error) error {
	var problems models.Problems
	if !errors.As(err, &problems) {
		return err
	}
	last := *problems[min(len(problems), maxProblems)-1]
	if more := len(problems) - maxProblems; more > 0 {
		last.Message += fmt.Sprintf(" (and %d problems more)", more)
	}
	for _, problem := range problems[:min(len(problems), maxProblems)-1] {
		graphql.AddError(ctx, problem)
	}
	return &last
}

func answer(path ast.Path, message string, code models.Code, field string) *gqlerror.Error {
	e := &gqlerror.Error{Message: message, Path: path, Extensions: map[string]any{"code": code}}
	if field != "" {
		e.Extensions["field"] = field
	}
	return e
}

// fieldAt is the field that a path leads to: its place in the input, such as crawls.3.crawlId, else that in the argument, with its
// name: filter.uid, ids.1.
func fieldAt(path ast.Path) string {
	from := 0
	for i, element := range path {
		if _, isName := element.(ast.PathName); !isName {
			continue
		}
		from = i
		if element == ast.PathName("input") && i < len(path)-1 {
			from++
			break
		}
		if element == ast.PathName("filter") {
			break
		}
	}
	return strings.ReplaceAll(strings.ReplaceAll(path[from:].String(), "[", "."), "]", "")
}

// recovered turns a panic in a resolver into an error that presents as internal; its text, with the stack, goes to the
// log only.
func (h *handler) recovered(_ context.Context, cause any) error {
	return fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
}
