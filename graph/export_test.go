package graph

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/ringback/ringback/models"
)

// MaxTokens is the limit on a document.
const MaxTokens = maxTokens

// MaxPrice is where prices end.
const MaxPrice = maxPrice

// PriceOf is what an operation costs.
func PriceOf(ctx context.Context, schema graphql.ExecutableSchema, operation *ast.OperationDefinition, variables map[string]any) int {
	return pricer{schema, variables, map[string]int{}}.set(ctx, operation.SelectionSet)
}

// NewPatientHandler is NewHandler with loaders that wait for siblings on the busiest machine, so that statements can be counted.
func NewPatientHandler(service *models.Service, log *slog.Logger) http.Handler {
	return (&handler{service: service, log: log, wait: 300 * time.Millisecond}).serve("")
}

// NewSchemaHandler serves another schema as NewHandler serves ours, to anyone.
func NewSchemaHandler(schema graphql.ExecutableSchema) http.Handler {
	h := &handler{log: slog.New(slog.DiscardHandler), wait: batchWait}
	return h.limitBody(h.graphql(schema))
}
