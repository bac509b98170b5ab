package graph

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/ringback/ringback/models"
)

// MaxTokens is the limit on a document.
const MaxTokens = maxTokens

// Limits on a document, and on all that are remembered.
const (
	MaxDocumentBytes  = maxDocumentBytes
	MaxAliases        = maxAliases
	MaxDepth          = maxDepth
	MaxFragments      = maxFragments
	MaxOperations     = maxOperations
	MaxSelections     = maxSelections
	MaxProblems       = maxProblems
	MaxComplexity     = maxComplexity
	MaxCacheBytes     = maxCacheBytes
	MaxStrangersBytes = maxStrangersBytes
	MaxStrangers      = maxStrangers
	StrangersWait     = strangersWait
)

// MaxPrice is where prices end.
const MaxPrice = maxPrice

// PriceOf is what an operation costs.
func PriceOf(
	ctx context.Context, schema graphql.ExecutableSchema, operation *ast.OperationDefinition, variables map[string]any,
) int {
	return pricer{newPrice(schema), variables, map[string]int{}}.set(ctx, operation.SelectionSet)
}

// AnyAnswers has the default limit, and places for any number.
func AnyAnswers() *models.Answers { return models.NewAnswers(32<<20, 0) }

// NewPatientHandler is NewHandler with loaders that wait for siblings on the busiest machine, so that statements can be
// counted.
func NewPatientHandler(service Services, log *slog.Logger) http.Handler {
	return (&handler{service: service, answers: AnyAnswers(), log: log, wait: 300 * time.Millisecond}).serve("")
}

// NewSchemaHandler serves another schema as NewHandler serves ours, to anyone as to the platform.
func NewSchemaHandler(schema graphql.ExecutableSchema) http.Handler {
	handler := NewStrangersHandler(schema)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(models.WithActor(r.Context(), models.PlatformActor())))
	})
}

// NewStrangersHandler serves another schema as NewHandler serves ours, to callers without credentials.
func NewStrangersHandler(schema graphql.ExecutableSchema) http.Handler {
	h := &handler{answers: AnyAnswers(), log: slog.New(slog.DiscardHandler), wait: batchWait}
	return h.limitBody(h.limitStrangers(h.graphql(schema)))
}

// NewPricedSchema is the schema of NewHandler, to price operations on.
func NewPricedSchema() graphql.ExecutableSchema {
	return NewExecutableSchema(Config{Complexity: complexity()})
}

// Reader reads documents as a handler does.
type Reader struct{ documents *documents }

// NewReader remembers nothing yet.
func NewReader(schema *ast.Schema) Reader { return Reader{newDocuments(schema)} }

// Read returns a valid document.
func (r Reader) Read(query string) (*ast.QueryDocument, gqlerror.List) {
	return r.documents.read(&graphql.RawParams{Query: query})
}

// Remembered counts the documents, and the bytes that they are said to take.
func (r Reader) Remembered() (documents, bytes int) {
	return r.documents.cache.lru.Len(), r.documents.cache.bytes
}

// RuleNames are those that documents are checked by.
func RuleNames() (names []string) {
	for _, r := range documentRules {
		names = append(names, r.Name)
	}
	return names
}

// MaxCauses is how many causes of one request are told of.
const MaxCauses = maxCauses

// TellFailures logs so many causes, each of which was met so often.
func TellFailures(log *slog.Logger, causes, each int) {
	f := &failures{}
	for i := range causes * each {
		f.add("", fmt.Errorf("cause %d", i%causes))
	}
	f.log(context.Background(), log)
}

// Schema is that of the API.
func Schema() *ast.Schema { return NewExecutableSchema(Config{}).Schema() }

// PriceOfField is what a field costs without its arguments.
func PriceOfField(ctx context.Context, object *ast.Definition, f *ast.FieldDefinition, children int) int {
	p := newPrice(NewExecutableSchema(Config{Complexity: complexity()}))
	return pricer{p, nil, nil}.of(ctx, object, &ast.Field{Name: f.Name, Definition: f}, children, nil)
}

// Described are the names that have a description of their own outside of the schema's files.
func Described() (names []string) {
	for name := range descriptions {
		names = append(names, name)
	}
	for name := range fieldDescriptions {
		names = append(names, "field "+name)
	}
	for name := range argumentDescriptions {
		names = append(names, "argument "+name)
	}
	return names
}
