package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// documents reads the documents of requests in place of gqlgen's executor: each is measured before anything goes
// through it that takes more steps than it has tokens, told of in sentences of ours where it is not valid, and
// remembered where it is.
type documents struct {
	schema *ast.Schema
	cache  *documentCache
}

func newDocuments(schema *ast.Schema) *documents { return &documents{schema, newDocumentCache()} }

// read returns a valid document, which a request names by its text, by its hash once it is known, or by both.
func (d *documents) read(params *graphql.RawParams) (*ast.QueryDocument, gqlerror.List) {
	query, hash := params.Query, hashOf(params.Query)
	named := persistedHash(params.Extensions)
	if named != "" && named != hash && query != "" {
		return nil, gqlerror.List{invalid(nil, "extensions.persistedQuery.sha256Hash is not that of the document.")}
	}
	if query == "" {
		hash = named
	}
	if known, ok := d.cache.get(hash); ok {
		return known, nil
	}
	if query == "" && named != "" {
		return nil, gqlerror.List{refused("PERSISTED_QUERY_NOT_FOUND", nil, "PersistedQueryNotFound")}
	}
	return d.readText(query, hash)
}

func hashOf(query string) string {
	sum := sha256.Sum256([]byte(query))
	return hex.EncodeToString(sum[:])
}

// persistedHash is by what Apollo's clients name a document before they send it; empty: they do not.
func persistedHash(extensions map[string]any) string {
	persisted, _ := extensions["persistedQuery"].(map[string]any)
	hash, _ := persisted["sha256Hash"].(string)
	return hash
}

func (d *documents) readText(query, hash string) (*ast.QueryDocument, gqlerror.List) {
	if len(query) > maxDocumentBytes {
		return nil, gqlerror.List{refused(
			errcode.ParseFailed, nil, "The document has %d bytes; the limit is %d. Long values belong into the variables.",
			len(query), maxDocumentBytes,
		)}
	}
	tokens := countTokens(query)
	if tokens > maxTokens {
		return nil, gqlerror.List{refused(errcode.ParseFailed, nil, "The document exceeds the token limit of %d.", maxTokens)}
	}
	document, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil {
		return nil, gqlerror.List{syntaxError(err)}
	}
	if err := measure(document); err != nil {
		return nil, gqlerror.List{err}
	}
	if errs := d.validate(document); len(errs) > 0 {
		return nil, errs
	}
	d.cache.add(hash, len(query)+tokens*bytesOfToken, document)
	return document, nil
}

// countTokens stops behind the limit. What is no token is for the parser to tell.
func countTokens(query string) int {
	tokens := lexer.New(&ast.Source{Input: query})
	for n := range maxTokens + 1 {
		if token, err := tokens.ReadToken(); err != nil || token.Kind == lexer.EOF {
			return n
		}
	}
	return maxTokens + 1
}

func (d *documents) validate(document *ast.QueryDocument) gqlerror.List {
	var found findings
	var walk core.Events
	found.follow(&walk)
	for _, rule := range documentRules {
		rule.RuleFunc(&walk, func(options ...core.ErrorOption) {
			var err gqlerror.Error
			for _, option := range options {
				option(&err)
			}
			found.add(rule, &err)
		})
	}
	core.Walk(d.schema, document, &walk)
	return found.errs
}

// reading is a transport whose documents are read by documents.
type reading struct {
	transport.POST
	documents *documents
}

// Do is graphql.Transport.
func (t reading) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	t.POST.Do(w, r, reader{exec, t.documents})
}

type reader struct {
	graphql.GraphExecutor
	documents *documents
}

// CreateOperationContext is graphql.GraphExecutor.
func (r reader) CreateOperationContext(
	ctx context.Context, params *graphql.RawParams,
) (*graphql.OperationContext, gqlerror.List) {
	document, errs := r.documents.read(params)
	if len(errs) > 0 {
		return &graphql.OperationContext{}, errs
	}
	operation := document.Operations.ForName(params.OperationName)
	switch {
	case operation == nil && params.OperationName == "":
		return &graphql.OperationContext{}, gqlerror.List{invalid(nil, "The document has several operations: "+
			"operationName must say which.")}
	case operation == nil:
		return &graphql.OperationContext{}, gqlerror.List{
			invalid(nil, "The document has no operation %s.", name(params.OperationName)),
		}
	}
	if operation.Operation == ast.Subscription && streamFrom(ctx) == nil {
		err := badInput("Accept", "must be "+eventStream+" for a subscription: its answers come one by one")
		return &graphql.OperationContext{}, gqlerror.List{{Err: err}}
	}
	if err := mayOnlyQuery(ctx, operation); err != nil {
		return &graphql.OperationContext{}, gqlerror.List{err}
	}
	elements := elements{schema: r.documents.schema}
	if err := elements.tooMany(operation, params.Variables); err != nil {
		return &graphql.OperationContext{}, gqlerror.List{{Err: err}}
	}
	opCtx, errs := r.GraphExecutor.CreateOperationContext(context.WithValue(ctx, documentKey{}, document), params)
	for i, err := range errs {
		if err.Err == nil && len(err.Path) > 1 { // by gqlparser, which begins each path to a variable by "variable"
			errs[i] = unfitInput(r.documents.schema, operation, err.Path[1:])
		}
	}
	return opCtx, errs
}

type documentKey struct{}

// readDocument is a graphql.Cache that always has the document of the request, so that gqlgen reads none itself.
type readDocument struct{}

// Get is graphql.Cache.
func (readDocument) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	document, ok := ctx.Value(documentKey{}).(*ast.QueryDocument)
	return document, ok
}

// Add is graphql.Cache.
func (readDocument) Add(context.Context, string, *ast.QueryDocument) {}
