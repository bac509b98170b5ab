package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	gqlgen "github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"github.com/ringback/ringback/models"
)

type handler struct {
	service Services
	answers *models.Answers
	log     *slog.Logger
	wait    time.Duration // of the loaders
}

// NewHandler serves the GraphQL API by GraphQL over HTTP: a JSON body of at most 1 MiB, of 16 KiB without credentials, and
// answers within what answers allows. The context of a request has its id (models.RequestID).
func NewHandler(service Services, answers *models.Answers, version string, log *slog.Logger) http.Handler {
	h := &handler{service: service, answers: answers, log: log, wait: batchWait}
	return h.serve(version)
}

func (h *handler) serve(version string) http.Handler {
	schema := executor{NewExecutableSchema(Config{
		Resolvers:  &Resolver{service: h.service, version: version},
		Directives: DirectiveRoot{Allow: allow},
		Complexity: complexity(),
	}).(*executableSchema)}
	return h.negotiate(h.authenticate(h.limitBody(h.limitStrangers(h.graphql(schema)))))
}

// ServeSchema serves the schema as a document, to whoever asks: it is what the introspection tells.
func ServeSchema(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	formatter.NewFormatter(w).FormatSchema(NewExecutableSchema(Config{}).Schema())
}

func (h *handler) graphql(schema graphql.ExecutableSchema) http.Handler {
	server := gqlgen.New(schema)
	documents := newDocuments(schema.Schema())
	whole := streaming{reading{documents: documents}}
	server.AddTransport(events{h, documents, whole})
	server.AddTransport(whole)
	server.SetQueryCache(readDocument{})
	server.Use(extension.Introspection{})
	server.Use(newArguments(schema.Schema()))
	server.Use(newPrice(schema))
	server.SetErrorPresenter(h.present)
	server.SetRecoverFunc(h.recovered)
	server.AroundOperations(h.load)
	server.AroundResponses(h.whole)
	server.AroundRootFields(measureField)
	return h.begin(server)
}

// load gives each answer loaders of its own: of a subscription there are many.
func (h *handler) load(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
		responses := next(ctx)
		return func(ctx context.Context) *graphql.Response {
			ctx, forget := withLoaders(ctx, h.service, h.wait)
			defer forget()
			return responses(ctx)
		}
	}
	ctx, forget := withLoaders(ctx, h.service, h.wait)
	responses := next(ctx)
	return func(ctx context.Context) *graphql.Response {
		defer forget()
		return responses(ctx)
	}
}

type bodyKey struct{}

// limitBody reads the body first, so that one that is too large gets the status that says so. The context keeps its
// text.
func (h *handler) limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := int64(models.MaxBodyBytes)
		if models.ActorFrom(r.Context()) == nil {
			limit = maxStrangersBytes
		}
		body, err := models.ReadBody(w, r, limit)
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(err, &tooLarge):
			h.writeError(
				w, r, http.StatusRequestEntityTooLarge, badInput("body", fmt.Sprintf("must be at most %d KiB", limit>>10)),
			)
		case models.ErrorCode(err) == models.CodeRateLimited:
			h.writeError(w, r, http.StatusTooManyRequests, err)
		case err != nil: // the caller is gone, or was too slow
			h.writeError(w, r, http.StatusBadRequest, badInput("body", "could not be read"))
		case !json.Valid(body): // gqlgen would read up to the end of a first value
			h.writeError(w, r, http.StatusBadRequest, errBody)
		default:
			ctx, cancel := models.WithWorkTime(context.WithValue(r.Context(), bodyKey{}, body))
			defer cancel()
			r.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(w, r.WithContext(ctx))
		}
	})
}

// limitStrangers lets a few callers without credentials through at once. Those that wait hold their body, which is
// small.
func (h *handler) limitStrangers(next http.Handler) http.Handler {
	room := make(chan struct{}, maxStrangers)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if models.ActorFrom(r.Context()) == nil {
			ctx, cancel := context.WithTimeout(r.Context(), strangersWait)
			defer cancel()
			select {
			case room <- struct{}{}:
				defer func() { <-room }()
			case <-ctx.Done():
				err := models.RateLimited("%d requests without credentials are under way, which is the limit", maxStrangers)
				h.writeError(w, r, http.StatusTooManyRequests, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
