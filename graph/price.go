package graph

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// price refuses an operation that costs more than maxComplexity. It counts as gqlgen's own limit does, which must not
// run: that one prices a fragment anew wherever it is spread, so that forty of them, each spreading the next twice,
// take 2^40 steps.
type price struct {
	schema graphql.ExecutableSchema
	lists  map[string]length // of the introspection
}

var _ graphql.OperationContextMutator = price{}

func newPrice(schema graphql.ExecutableSchema) price {
	return price{schema, introspectionLists(schema.Schema())}
}

// ExtensionName is graphql.HandlerExtension.
func (price) ExtensionName() string { return "Price" }

// Validate is graphql.HandlerExtension.
func (price) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext is graphql.OperationContextMutator.
func (p price) MutateOperationContext(ctx context.Context, opCtx *graphql.OperationContext) *gqlerror.Error {
	pricer := pricer{p, opCtx.Variables, map[string]int{}}
	cost := pricer.set(ctx, opCtx.Operation.SelectionSet)
	opCtx.Stats.SetExtension(costHeader, cost)
	if cost > maxComplexity {
		return tooComplex("The operation has the complexity %d; the limit is %d.", cost, maxComplexity)
	}
	return nil
}

// costHeader asks for the cost of the operation, in extensions.cost.
const costHeader = "X-Query-Cost"

var _ graphql.ResponseInterceptor = price{}

// InterceptResponse is graphql.ResponseInterceptor: it tells the cost to who asks.
func (price) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	response := next(ctx)
	if response == nil || !graphql.HasOperationContext(ctx) {
		return response
	}
	opCtx := graphql.GetOperationContext(ctx)
	if opCtx.Headers.Get(costHeader) == "" {
		return response
	}
	if response.Extensions == nil {
		response.Extensions = map[string]any{}
	}
	response.Extensions["cost"] = map[string]any{"requested": opCtx.Stats.GetExtension(costHeader), "limit": maxComplexity}
	return response
}

// maxPrice is where prices end. No list multiplies it by more than job.MaxJobs, which overflows nothing.
const maxPrice = 1 << 31

// pricer goes through each selection of a document once: what a fragment costs depends on the variables only.
type pricer struct {
	price
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
	children, arguments := p.set(ctx, f.SelectionSet), f.ArgumentMap(p.variables)
	if f.Name == "__schema" || f.Name == "__type" {
		return 1 + children/costOfIntrospection
	}
	if f.ObjectDefinition.Kind != ast.Interface {
		return p.of(ctx, f.ObjectDefinition, f, children, arguments)
	}
	cost := 0 // of the dearest that it can be
	for _, possible := range p.schema.Schema().GetPossibleTypes(f.ObjectDefinition) {
		cost = max(cost, p.of(ctx, possible, f, children, arguments))
	}
	return cost
}

// length is that of a list of the introspection, on average: rounded, it would double as a schema grows by a field.
type length struct{ elements, lists int }

func (l length) times(cost int) int { return (cost*l.elements + l.lists - 1) / l.lists }

// introspectionLists are the lengths of the introspection's lists, of the types and fields that have any.
func introspectionLists(schema *ast.Schema) map[string]length {
	lists := map[string]length{"__Schema.types": {len(schema.Types), 1}, "__Schema.directives": {len(schema.Directives), 1}}
	count := func(list string, n int) {
		if n > 0 {
			lists[list] = length{lists[list].elements + n, lists[list].lists + 1}
		}
	}
	for _, t := range schema.Types {
		count("__Type.enumValues", len(t.EnumValues))
		count("__Type.interfaces", len(t.Interfaces))
		if t.Kind == ast.InputObject {
			count("__Type.inputFields", len(t.Fields))
			continue
		}
		count("__Type.fields", len(t.Fields))
		if t.IsAbstractType() {
			count("__Type.possibleTypes", len(schema.GetPossibleTypes(t)))
		}
		for _, f := range t.Fields {
			count("__Field.args", len(f.Arguments))
		}
	}
	for _, d := range schema.Directives {
		count("__Directive.args", len(d.Arguments))
	}
	return lists
}

func (p pricer) of(
	ctx context.Context, object *ast.Definition, f *ast.Field, children int, arguments map[string]any,
) int {
	if cost, ok := p.schema.Complexity(ctx, object.Name, f.Name, children, arguments); ok && cost >= 1 {
		return min(cost, maxPrice)
	}
	if n, ok := p.lists[object.Name+"."+f.Name]; ok {
		return min(1+n.times(children), maxPrice)
	}
	return min(ofKind(object, f, children, arguments), maxPrice)
}

// ofKind is the price of what the schema itself tells: a list that is read by pages, how long it is, a caller's own
// value.
func ofKind(object *ast.Definition, f *ast.Field, children int, arguments map[string]any) int {
	switch {
	case f.Definition.Arguments.ForName("first") != nil:
		cost := listCost(children, size(arguments["first"]), size(arguments["last"]))
		if looksThrough(f.Definition.Type.Name(), arguments) {
			cost += costOfLooking
		}
		return cost
	case strings.HasPrefix(f.Name, "totalCount") && strings.HasSuffix(object.Name, "Connection"):
		return costOfCount
	case f.Definition.Type.Name() == "JSON":
		return costOfJSON
	}
	return 1 + children
}

// size is that of a page; nil where none is given.
func size(argument any) *int {
	n, err := graphql.UnmarshalInt(argument)
	if argument == nil || err != nil {
		return nil
	}
	return &n
}
