package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/ringback/ringback/models"
)

// The protocol is GraphQL over HTTP (https://graphql.github.io/graphql-over-http): queries by GET and POST, everything
// else by POST, in one of two media types. They differ in what becomes of an operation that was not carried out: it is
// 400 in the newer one, and 200 in the older one, whose status tells nothing.
const (
	mediaJSON     = "application/json"
	mediaResponse = "application/graphql-response+json"
	allowed       = http.MethodGet + ", " + http.MethodPost
)

// negotiate refuses what is no request of the protocol, and hands a GET on as the POST that would ask the same.
func (h *handler) negotiate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodPost:
			w.Header().Set("Allow", allowed)
			h.writeError(w, r, http.StatusMethodNotAllowed, badInput("method", "must be POST, or GET for a query"))
		case accepted(r) == "":
			h.writeError(w, r, http.StatusNotAcceptable, badInput("Accept",
				"must have "+mediaResponse+", "+mediaJSON+" or, for a subscription, "+eventStream))
		case r.Method == http.MethodPost && mediaOf(r) != mediaJSON:
			h.writeError(w, r, http.StatusUnsupportedMediaType, badInput("Content-Type", contentAdvice(r)))
		case r.Method == http.MethodGet && r.URL.Query().Get("query") == "" && !r.URL.Query().Has("extensions"):
			h.writeError(w, r, http.StatusBadRequest, badInput("query",
				"is missing: a GET has the document in its parameter query, such as /graphql?query={version}, a POST in the member "+
					"query of a JSON object. To look around, open /explorer"))
		default:
			a := &answering{ResponseWriter: w, media: accepted(r)}
			if r.Method == http.MethodGet {
				if err := checkParameters(r); err != nil {
					h.writeError(w, r, http.StatusBadRequest, err)
					return
				}
				r = asPost(r)
			}
			next.ServeHTTP(a, r.WithContext(context.WithValue(r.Context(), answeringKey{}, a)))
		}
	})
}

// contentAdvice says to whoever sends JSON under no name, or under that of a form as curl does, how to name it.
func contentAdvice(r *http.Request) string {
	const send = "must be " + mediaJSON + `, with a body such as {"query": "{ version }"}; `
	switch {
	case r.Header.Get("Content-Type") == "":
		return send + "there is none: send the header Content-Type: " + mediaJSON
	case mediaOf(r) == "application/x-www-form-urlencoded":
		return send + "this is a form, as curl sends it unless it is told -H 'Content-Type: " + mediaJSON + "'"
	default:
		return send + "this is another type"
	}
}

func mediaOf(r *http.Request) string {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return media
}

// mediaRange is one of the media types that a caller takes.
type mediaRange struct {
	media  string // empty: it is none
	weight float64
}

func mediaRanges(r *http.Request) (ranges []mediaRange) {
	header := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(header) == "" {
		return nil
	}
	for _, part := range strings.Split(header, ",") {
		media, parameters, _ := mime.ParseMediaType(part)
		weight, err := strconv.ParseFloat(parameters["q"], 64)
		if err != nil {
			weight = 1
		}
		ranges = append(ranges, mediaRange{media, weight})
	}
	return ranges
}

// accepted is the media type of the answer, the caller's first choice; empty: there is none.
func accepted(r *http.Request) (best string) {
	ranges := mediaRanges(r)
	if len(ranges) == 0 {
		return mediaJSON
	}
	most := 0.0
	for _, of := range ranges {
		switch of.media {
		case "*/*", "application/*":
			of.media = mediaJSON
		case mediaJSON, mediaResponse, eventStream:
		default:
			continue
		}
		// A list with events among other types is of a client that subscribes by other requests.
		if of.weight > most || of.weight == most && best == eventStream {
			best, most = of.media, of.weight
		}
	}
	return best
}

// queryOnlyKey is of requests that may not change anything.
type queryOnlyKey struct{}

// jsonParameters are those of a GET that are JSON, and members of a POST's body.
var jsonParameters = []string{"variables", "extensions"}

// checkParameters tells of a GET's by their names, since it has no body to tell of.
func checkParameters(r *http.Request) error {
	for _, name := range jsonParameters {
		var members map[string]json.RawMessage
		if value := r.URL.Query().Get(name); value != "" && json.Unmarshal([]byte(value), &members) != nil {
			return badInput(name, "must be a JSON object")
		}
	}
	return nil
}

// asPost is the POST with the same document, variables and extensions.
func asPost(r *http.Request) *http.Request {
	parameters := r.URL.Query()
	member := func(name string, value []byte) []byte { return append([]byte(`,"`+name+`":`), value...) }
	text := func(name string) []byte {
		quoted, _ := json.Marshal(parameters.Get(name)) // a text always can
		return quoted
	}
	body := append([]byte(`{"query":`), text("query")...)
	if parameters.Has("operationName") {
		body = append(body, member("operationName", text("operationName"))...)
	}
	for _, name := range jsonParameters {
		if value := parameters.Get(name); value != "" {
			body = append(body, member(name, []byte(value))...)
		}
	}
	post := r.Clone(context.WithValue(r.Context(), queryOnlyKey{}, true))
	post.Method, post.URL = http.MethodPost, &url.URL{Path: r.URL.Path}
	post.Header.Set("Content-Type", mediaJSON)
	post.Body = io.NopCloser(bytes.NewReader(append(body, '}')))
	post.ContentLength = int64(len(body)) + 1
	return post
}

// mayOnlyQuery refuses what a GET may not ask for: links are followed by who was not asked.
func mayOnlyQuery(ctx context.Context, operation *ast.OperationDefinition) *gqlerror.Error {
	if ctx.Value(queryOnlyKey{}) == nil || operation.Operation != ast.Mutation {
		return nil
	}
	a := ctx.Value(answeringKey{}).(*answering)
	a.status = http.StatusMethodNotAllowed
	a.Header().Set("Allow", http.MethodPost)
	return gqlerror.WrapIfUnwrapped(badInput("method", "must be POST for a mutation"))
}

// answering is the answer to one request.
type answering struct {
	http.ResponseWriter
	media  string
	status int // that it is to have, whatever becomes of it; 0: none
	// carriesOut: the operation was found to be one. The answer to any other has no data, however gqlgen calls what is wrong.
	carriesOut bool
	wrote      bool
}

type answeringKey struct{}

// WriteHeader gives gqlgen's answer about an operation that was not carried out the status of its media type.
func (a *answering) WriteHeader(status int) {
	switch {
	case a.wrote:
		return
	case a.status != 0:
		status = a.status
	case a.media == mediaResponse && !a.carriesOut && (status == http.StatusUnprocessableEntity || status == http.StatusOK):
		status = http.StatusBadRequest
	case status == http.StatusUnprocessableEntity:
		status = http.StatusOK
	}
	a.wrote = true
	a.ResponseWriter.WriteHeader(status)
}

func (a *answering) Write(p []byte) (int, error) {
	if !a.wrote {
		a.WriteHeader(http.StatusOK)
	}
	return a.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (a *answering) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// refusedAll tells whether a stranger got nothing for want of credentials: the answer has the status of wrong ones.
func refusedAll(ctx context.Context, response *graphql.Response) bool {
	if models.ActorFrom(ctx) != nil || len(response.Errors) == 0 {
		return false
	}
	for _, err := range response.Errors {
		if err.Extensions["code"] != models.CodeUnauthenticated {
			return false
		}
	}
	var fields map[string]json.RawMessage
	if len(response.Data) > 0 && json.Unmarshal(response.Data, &fields) != nil {
		return false
	}
	for _, value := range fields {
		if string(value) != "null" {
			return false
		}
	}
	return true
}
