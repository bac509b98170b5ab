package graph

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/ringback/ringback/models"
)

// begin counts what each request reads and writes, until its answer has been sent.
func (h *handler) begin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, answer := h.answers.Begin(r.Context())
		defer answer.End()
		answer.CountTowards(models.AnswerOwner(models.ActorFrom(ctx), models.ClientAddress(r)))
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// whole replaces what there is of an answer by one error where it turned out to be too large, had no room or took too
// long: each field that met the limit has an error of its own.
func (h *handler) whole(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	failed := &failures{}
	response := next(context.WithValue(ctx, failuresKey{}, failed))
	failed.log(ctx, h.log)
	if response == nil { // of a stream that has ended
		return nil
	}
	err := models.AnswerFrom(ctx).Err()
	if err == nil && slices.ContainsFunc(response.Errors, isTimeout) {
		err = models.ErrTimeout
	}
	if err == nil {
		return response
	}
	presented := h.present(ctx, err)
	if operation := graphql.GetOperationContext(ctx).Operation; operation != nil && operation.Operation == ast.Mutation {
		presented.Message += doneAllTheSame
	}
	return &graphql.Response{Errors: gqlerror.List{presented}}
}

func isTimeout(err *gqlerror.Error) bool { return err.Extensions["code"] == models.CodeTimeout }

// doneAllTheSame is what is to be known of a mutation whose answer cannot be given: its answer is made after it.
const doneAllTheSame = "; the mutation can have been carried out all the same: look before you send it again"

// heldBytes is how long a root field's text may be to be held until it is sent. A longer one goes to the caller as it
// is made.
const heldBytes = 64 << 10

// measured is a root field whose text is measured before it is written, so that nothing is written which is too large.
type measured struct {
	graphql.Marshaler
	ctx context.Context
}

// measureField is graphql.RootFieldMiddleware.
func measureField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	switch field := next(ctx); field {
	case nil, graphql.Null, graphql.RequiredNull: // gqlgen looks whether it is one of these
		return field
	default:
		return measured{field, ctx}
	}
}

// MarshalGQL is graphql.Marshaler.
func (m measured) MarshalGQL(w io.Writer) {
	answer := models.AnswerFrom(m.ctx)
	if answer.Err() != nil {
		return // nothing of the answer is sent
	}
	n := m.length(answer.Limit())
	if answer.Write(m.ctx, n) != nil {
		return
	}
	if n > heldBytes {
		m.ctx.Value(frameKey{}).(*frame).postpone(w, m.Marshaler)
		return
	}
	m.Marshaler.MarshalGQL(w)
}

// length is how long the text is; of one beyond the limit, just that it is. One large text can stand in an answer many
// times over.
func (m measured) length(limit int64) (n int64) {
	count := counter{limit: limit}
	defer func() {
		n = count.n
		if cause := recover(); cause != nil && cause != errBeyond {
			panic(cause)
		}
	}()
	m.Marshaler.MarshalGQL(&count)
	return count.n
}

type beyond struct{}

var errBeyond = beyond{}

// counter counts what is written, and ends the writing once it is beyond the limit: marshalers know no errors.
type counter struct{ n, limit int64 }

func (c *counter) Write(p []byte) (int, error) { return c.count(len(p)) }

// WriteString is io.StringWriter: without it every text would be copied to be counted.
func (c *counter) WriteString(s string) (int, error) { return c.count(len(s)) }

func (c *counter) count(n int) (int, error) {
	c.n += int64(n)
	if c.n > c.limit {
		panic(errBeyond)
	}
	return n, nil
}

// streaming is a transport that writes large data to the caller as they are made. Otherwise they would be held at once
// as a whole, and encoding/json would copy them three times.
type streaming struct{ graphql.Transport }

// Do is graphql.Transport.
func (t streaming) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	frame := &frame{ResponseWriter: w}
	defer frame.forget()
	r = r.WithContext(context.WithValue(r.Context(), frameKey{}, frame))
	t.Transport.Do(frame, r, takingOut{exec, frame})
}

type frameKey struct{}

// takingOut takes the data out of a response.
type takingOut struct {
	graphql.GraphExecutor
	frame *frame
}

// DispatchOperation is graphql.GraphExecutor.
func (t takingOut) DispatchOperation(
	ctx context.Context, operation *graphql.OperationContext,
) (graphql.ResponseHandler, context.Context) {
	if a, ok := ctx.Value(answeringKey{}).(*answering); ok {
		a.carriesOut = true
	}
	responses, ctx := t.GraphExecutor.DispatchOperation(ctx, operation)
	return func(ctx context.Context) *graphql.Response {
		response := responses(ctx)
		if response != nil {
			t.frame.carriedOut(ctx, response)
			t.frame.data, response.Data = response.Data, nil
		}
		return response
	}, ctx
}

// frame puts the data back into the response, which is written at once.
type frame struct {
	http.ResponseWriter
	executed  bool // the operation was carried out
	data      json.RawMessage
	postponed []graphql.Marshaler
}

// place is where a postponed field stands in the data: a byte that JSON does not have. They are in order.
const place = 0

func (f *frame) postpone(w io.Writer, field graphql.Marshaler) {
	_, _ = w.Write([]byte{place})
	f.postponed = append(f.postponed, field)
}

// forget lets go of the data: see withLoaders.
func (f *frame) forget() { f.data, f.postponed = nil, nil }

// carriedOut notes that there is an answer to an operation, with the status that it has.
func (f *frame) carriedOut(ctx context.Context, response *graphql.Response) {
	f.executed = true
	if a, ok := ctx.Value(answeringKey{}).(*answering); ok && refusedAll(ctx, response) {
		a.status = http.StatusUnauthorized
		a.Header().Set("WWW-Authenticate", "Bearer")
	}
}

// bufferBytes is as much of an answer as is written at once where it is made as it is written.
const bufferBytes = 4 << 10

var noData, dataKey = []byte(`"data":null`), []byte(`"data":`)

func (f *frame) Write(response []byte) (int, error) {
	at := bytes.LastIndex(response, noData) // errors come before it, and in a text its quotes are escaped
	if !f.executed && at > 0 {              // after the comma behind the errors
		_, err := f.ResponseWriter.Write(append(response[:at-1:at-1], response[at+len(noData):]...))
		return len(response), err
	}
	if f.data == nil || at < 0 {
		return f.ResponseWriter.Write(response)
	}
	size := bufferBytes
	if len(f.postponed) == 0 {
		size = min(size, len(response)+len(f.data))
	}
	w := bufio.NewWriterSize(f.ResponseWriter, size)
	_, _ = w.Write(response[:at])
	_, _ = w.Write(dataKey)
	for i, part := range bytes.Split(f.data, []byte{place}) {
		if i > 0 {
			f.postponed[i-1].MarshalGQL(w)
		}
		_, _ = w.Write(part)
	}
	_, _ = w.Write(response[at+len(noData):])
	return len(response), w.Flush()
}
