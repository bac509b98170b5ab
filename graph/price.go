package graph

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// price refuses an operation that costs more than maxComplexity. It counts as gqlgen's own limit does, which must not run: that
// one prices a fragment anew wherever it is spread, so that forty of them, each spreading the next twice, take 2^40 steps.
type price struct{ schema graphql.ExecutableSchema }

var _ graphql.OperationContextMutator = price{}

// ExtensionName is graphql.HandlerExtension.
func (price) ExtensionName() string { return "Price" }

// Validate is graphql.HandlerExtension.
func (price) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext is graphql.OperationContextMutator.
func (p price) MutateOperationContext(ctx context.Context, opCtx *graphql.OperationContext) *gqlerror.Error {
	pricer := pricer{p.schema, opCtx.Variables, map[string]int{}}
	if cost := pricer.set(ctx, opCtx.Operation.SelectionSet); cost > maxComplexity {
		return tooComplex(fmt.Sprintf("The operation has the complexity %d; the limit is %d.", cost, maxComplexity))
	}
	return nil
}

func tooComplex(message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": "COMPLEXITY_LIMIT_EXCEEDED"}}
}

// maxPrice is where prices end. No list multiplies it by more than models.MaxJobs, which overflows nothing.
const maxPrice = 1 << 31

// pricer goes through each selection of a document once: what a fragment costs depends on the variables only.
type pricer struct {
	schema    graphql.ExecutableSchema
	variables map[string]any
	fragments map[string]int
}

func (p pricer) set(ctx context.Context, set ast.SelectionSet) int {
	cost := 0
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			cost += p.field(ctx, s)
		case *ast.InlineFragment:
			cost += p.set(ctx, s.SelectionSet)
		case *ast.FragmentSpread:
			known, ok := p.fragments[s.Name]
			if !ok {
				known = p.set(ctx, s.Definition.SelectionSet)
				p.fragments[s.Name] = known
			}
			cost += known
		}
		cost = min(cost, maxPrice)
	}
	return cost
}

func (p pricer) field(ctx context.Context, f *ast.Field) int {
	if f.Definition.Type.Name() == "__Schema" {
		return 0
	}
	children, arguments := p.set(ctx, f.SelectionSet), f.ArgumentMap(p.variables)
	if f.ObjectDefinition.Kind != ast.Interface {
		return p.of(ctx, f.ObjectDefinition, f, children, arguments)
	}
	cost := 0 // of the dearest that it can be
	for _, possible := range p.schema.Schema().GetPossibleTypes(f.ObjectDefinition) {
		cost = max(cost, p.of(ctx, possible, f, children, arguments))
	}
	return cost
}

func (p pricer) of(ctx context.Context, object *ast.Definition, f *ast.Field, children int, arguments map[string]any) int {
	if cost, ok := p.schema.Complexity(ctx, object.Name, f.Name, children, arguments); ok && cost >= 1 {
		return min(cost, maxPrice)
	}
	return 1 + children
}
