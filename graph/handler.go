package graph

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	gqlgen "github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/transport"

	"github.com/ringback/ringback/models"
)

type handler struct {
	service *models.Service
	log     *slog.Logger
	wait    time.Duration // of the loaders
}

// NewHandler serves the GraphQL API: POST with a JSON body of at most 1 MiB. The context of a request has its id (models.RequestID).
func NewHandler(service *models.Service, version string, log *slog.Logger) http.Handler {
	h := &handler{service: service, log: log, wait: batchWait}
	return h.serve(version)
}

func (h *handler) serve(version string) http.Handler {
	schema := NewExecutableSchema(Config{
		Resolvers:  &Resolver{service: h.service, version: version},
		Directives: DirectiveRoot{Allow: allow},
		Complexity: complexity(),
	})
	return h.authenticate(h.limitBody(h.graphql(schema)))
}

func (h *handler) graphql(schema graphql.ExecutableSchema) http.Handler {
	server := gqlgen.New(schema)
	server.AddTransport(reading{documents: newDocuments(schema.Schema())})
	server.SetQueryCache(readDocument{})
	server.Use(extension.Introspection{})
	server.Use(arguments{})
	server.Use(newJSONArguments(schema.Schema()))
	server.Use(newPrice(schema))
	server.SetErrorPresenter(h.present)
	server.SetRecoverFunc(h.recovered)
	server.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		return next(withLoaders(ctx, h.service, h.wait))
	})
	return server
}

type bodyKey struct{}

// limitBody reads the body first, so that one that is too large gets the status that says so. The context keeps its text.
func (h *handler) limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !(transport.POST{}).Supports(r) {
			h.writeError(w, r, http.StatusBadRequest, badInput("Content-Type", "must be application/json, of a POST"))
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(err, &tooLarge):
			h.writeError(w, r, http.StatusRequestEntityTooLarge, badInput("body", "must be at most 1 MiB"))
		case err != nil: // the caller is gone, or was too slow
			h.writeError(w, r, http.StatusBadRequest, badInput("body", "could not be read"))
		default:
			r.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), bodyKey{}, body)))
		}
	})
}
