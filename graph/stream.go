package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/live"
	"github.com/ringback/ringback/models/tenant"
)

const (
	// keepAlive is below the minute after which proxies take a connection for dead.
	keepAlive = 15 * time.Second
	// eventTime is what it may take until the caller, or the buffers on the way, have an event. Who reads as little as that
	// keeps nobody up: what comes meanwhile waits (live.Subscription).
	eventTime = 10 * time.Second
	// maxStreamBytes is the body of what asks for a stream: while that lasts, the server counts larger ones.
	maxStreamBytes = maxStrangersBytes
	eventStream    = "text/event-stream"
)

// events is the transport of graphql-sse, in the distinct connections mode. What is no subscription it leaves to
// another one, unless the caller takes nothing but events.
type events struct {
	*handler
	documents *documents
	other     graphql.Transport
}

// Supports is graphql.Transport.
func (t events) Supports(r *http.Request) bool { return accepts(r, eventStream) && t.other.Supports(r) }

// accepts reports whether a caller takes one of some media types.
func accepts(r *http.Request, types ...string) bool {
	return slices.ContainsFunc(mediaRanges(r), func(of mediaRange) bool { return slices.Contains(types, of.media) })
}

// Do is graphql.Transport.
func (t events) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	body, _ := r.Context().Value(bodyKey{}).([]byte)
	params := &graphql.RawParams{Headers: r.Header}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	err := decoder.Decode(params)
	subscribes := err == nil && t.subscribes(params)
	if err != nil || !subscribes && accepts(r, mediaJSON, mediaResponse, "*/*") {
		t.other.Do(w, r, exec)
		return
	}
	s := newStream(w, r)
	defer s.end()
	if subscribes && len(body) > maxStreamBytes {
		s.refuse(t.present(r.Context(), badInput("body", "of a subscription must be at most 16 KiB")))
		return
	}
	t.run(s, r, params, reader{exec, t.documents})
}

func (t events) subscribes(params *graphql.RawParams) bool {
	document, errs := t.documents.read(params)
	if len(errs) > 0 {
		return false
	}
	operation := document.Operations.ForName(params.OperationName)
	return operation != nil && operation.Operation == ast.Subscription
}

// run sends an event for each answer, and at last why there are no more.
func (t events) run(s *stream, r *http.Request, params *graphql.RawParams, exec reader) {
	asked := context.WithValue(r.Context(), streamKey{}, s)
	operation, errs := exec.CreateOperationContext(asked, params)
	if len(errs) > 0 {
		response := exec.DispatchError(graphql.WithOperationContext(asked, operation), errs)
		s.refuse(response.Errors...)
		return
	}
	responses, ctx := takingOut{exec, s.frame}.DispatchOperation(s.ctx, operation)
	for ctx.Err() == nil && t.next(ctx, s, responses) {
	}
	if s.source == nil || ctx.Err() != nil {
		return
	}
	if reason := s.source.Reason(); reason != nil {
		s.refuse(t.present(ctx, reason))
	}
}

// next waits for one answer, which counts like that of a request, and sends it.
func (t events) next(ctx context.Context, s *stream, responses graphql.ResponseHandler) (more bool) {
	ctx, answer := t.answers.Begin(ctx)
	defer answer.End()
	answer.CountTowards(models.AnswerOwner(s.caller.Actor, s.caller.Address))
	response := responses(ctx)
	return response != nil && s.send(response)
}

// source is what a subscription reads from.
type source interface {
	Reason() error
	Close()
}

type streamKey struct{}

// streamFrom is the stream of a subscription.
func streamFrom(ctx context.Context) *stream {
	s, _ := ctx.Value(streamKey{}).(*stream)
	return s
}

// stream writes events to one caller.
type stream struct {
	caller live.Caller
	source source          // nil: there is none yet
	ctx    context.Context //nolint:containedctx // it is the life of the stream, not of a call
	cancel context.CancelFunc
	frame  *frame
	flush  *http.ResponseController

	mu   sync.Mutex
	w    http.ResponseWriter
	ping *time.Timer
	over bool
}

// newStream begins one, which lasts as long as the caller's connection.
func newStream(w http.ResponseWriter, r *http.Request) *stream {
	s := &stream{w: w, flush: http.NewResponseController(w), caller: live.Caller{
		Actor: models.ActorFrom(r.Context()), Credentials: tenant.CredentialsFrom(r.Header), Address: models.ClientAddress(r),
	}}
	s.frame = &frame{ResponseWriter: oneLine{w}}
	ctx := models.WithActor(models.Lasting(r.Context()), s.caller.Actor)
	ctx = context.WithValue(context.WithValue(ctx, streamKey{}, s), frameKey{}, s.frame)
	s.ctx, s.cancel = context.WithCancel(ctx)
	_ = s.flush.SetReadDeadline(time.Time{}) // its end would be the request's; fails on a recorder of a test only
	w.Header().Set("Content-Type", eventStream)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would gather events
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ping = time.AfterFunc(keepAlive, s.comment)
	s.write(":\n\n", nil)
	return s
}

// comment shows that the stream is there.
func (s *stream) comment() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.write(":\n\n", nil)
	}
}

// send sends an answer, and reports whether it has left.
func (s *stream) send(response *graphql.Response) bool {
	text, err := json.Marshal(response)
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.frame.forget()
	return s.write("event: next\ndata: ", text)
}

// refuse sends errors, after which nothing comes.
func (s *stream) refuse(errs ...*gqlerror.Error) { s.send(&graphql.Response{Errors: errs}) }

// write ends the stream where it fails. Within a stream the server's own deadline does not count.
func (s *stream) write(begin string, answer []byte) bool {
	_ = s.flush.SetWriteDeadline(time.Now().Add(eventTime)) // fails on a recorder of a test only
	_, err := io.WriteString(s.w, begin)
	if err == nil && answer != nil {
		if _, err = s.frame.Write(answer); err == nil {
			_, err = io.WriteString(s.w, "\n\n")
		}
	}
	if err == nil {
		err = s.flush.Flush()
	}
	if err != nil {
		s.cancel()
	}
	s.ping.Reset(keepAlive)
	return err == nil
}

// end says that nothing comes any more, and lets go of what it came from.
func (s *stream) end() {
	if s.source != nil {
		s.source.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() == nil {
		s.write("event: complete\ndata:\n\n", nil)
	}
	s.over = true
	s.ping.Stop()
	s.cancel()
}

// oneLine keeps a text in the one line of an event. JSON has line ends only where it may have any space.
type oneLine struct{ http.ResponseWriter }

func (l oneLine) Write(p []byte) (int, error) {
	if bytes.ContainsAny(p, "\r\n") {
		p = []byte(strings.NewReplacer("\r", " ", "\n", " ").Replace(string(p)))
	}
	return l.ResponseWriter.Write(p)
}
