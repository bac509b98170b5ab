package graph

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/domain"
	"github.com/ringback/ringback/models/tenant"
)

// Services are the use-cases that the API is of.
type Services = domain.Services

// Resolver is the root of all resolvers.
type Resolver struct {
	service Services
	version string
}

// Node is everything that can be named by an ObjectID.
type Node interface {
	ObjectID() models.ObjectID
	RawID() string
}

const bareID = "must be a global id: a bare number does not say the type"

// node finds an entity by its global id.
func (r *Resolver) node(ctx context.Context, id models.ObjectID) (Node, error) {
	if id.Type == "" {
		return nil, badInput("id", bareID)
	}
	return models.One(r.nodesOf(ctx, id.Type, id.Raw))(id.Type)
}

// nodesOf finds those entities of a type that the caller may see, in no order.
func (r *Resolver) nodesOf(ctx context.Context, typeName string, ids ...int64) ([]Node, error) {
	entities, err := r.service.Entities(ctx, models.ActorFrom(ctx), typeName, ids...)
	nodes := make([]Node, len(entities))
	for i, entity := range entities {
		nodes[i] = entity
	}
	return nodes, err
}

// nodes finds entities by their global ids, in their order: nil for what is not there, or not for the caller to see.
func (r *Resolver) nodes(ctx context.Context, ids []*models.ObjectID) ([]Node, error) {
	if len(ids) > models.MaxPageSize {
		return nil, badInput("ids", fmt.Sprintf("must have at most %d elements, not %d", models.MaxPageSize, len(ids)))
	}
	byType, problems := map[string][]int64{}, []error(nil)
	for i, id := range ids {
		if id.Type == "" {
			problems = append(problems, badInput(fmt.Sprintf("ids.%d", i), bareID))
		}
		byType[id.Type] = append(byType[id.Type], id.Raw)
	}
	if err := models.AllProblems(problems...); err != nil {
		return nil, err
	}
	known := map[models.ObjectID]Node{}
	for typeName, raw := range byType {
		some, err := r.nodesOf(ctx, typeName, raw...)
		if err != nil {
			return nil, err
		}
		for _, n := range some {
			known[n.ObjectID()] = n
		}
	}
	nodes := make([]Node, len(ids))
	for i, id := range ids {
		nodes[i] = known[*id]
	}
	return nodes, nil
}

// visible is what the caller may see.
func visible(ctx context.Context) models.Scope { return models.ActorFrom(ctx).Scope(models.RoleViewer) }

// byActor is a query of what an actor may see.
func byActor[K, T any](
	query func(context.Context, models.Scope, K) (T, error),
) func(context.Context, *models.Actor, K) (T, error) {
	return func(ctx context.Context, actor *models.Actor, key K) (T, error) {
		return query(ctx, actor.Scope(models.RoleViewer), key)
	}
}

// oneOf finds an entity by its id or by its uid, whose field has the given name.
func oneOf[T any](ctx context.Context, typeName string, id *models.ObjectID, uid *string, uidField string,
	find func(context.Context, *models.Actor, int64) (T, error),
	byUID func(context.Context, *models.Actor, string) (T, error),
) (T, error) {
	var none T
	actor := models.ActorFrom(ctx)
	switch {
	case (id == nil) == (uid == nil):
		return none, badInput("id", "give either the id or the "+uidField)
	case uid != nil:
		return byUID(ctx, actor, *uid)
	}
	return byID(ctx, typeName, *id, actor, find)
}

// byID finds an entity for a caller, who is an actor or a scope.
func byID[T, Caller any](ctx context.Context, typeName string, id models.ObjectID, caller Caller,
	find func(context.Context, Caller, int64) (T, error),
) (T, error) {
	raw, err := id.RawOf(typeName, "id")
	if err != nil {
		var none T
		return none, err
	}
	return find(ctx, caller, raw)
}

// headersOfAccount masks the values for those who are no Editor of the account.
func headersOfAccount(ctx context.Context, a *tenant.Account) []models.Header {
	return visibleHeaders(models.ActorFrom(ctx).RoleOn(a.ID), a.Callback.Headers)
}

// headersOfProject masks the values for those who are no Editor of the project.
func headersOfProject(ctx context.Context, p *tenant.Project) []models.Header {
	return visibleHeaders(models.ActorFrom(ctx).RoleOnProject(p.AccountID, p.ID), p.Callback.Headers)
}

func visibleHeaders(role models.Role, headers []models.Header) []models.Header {
	if role.AtLeast(models.RoleEditor) {
		return headers
	}
	return models.MaskHeaders(headers)
}

// readable are headers of a list that is never null. Where they cannot be read it is empty, and the error stands beside it:
// it costs nothing else that was asked for.
func readable(ctx context.Context, headers []models.Header, unreadable error) []*models.Header {
	if unreadable != nil {
		graphql.AddError(ctx, unreadable)
	}
	return pointers(headers)
}

// effectiveCallback returns nil where there is no URL.
func effectiveCallback(ctx context.Context, account *tenant.Account, project *tenant.Project) (*tenant.Target, error) {
	ofAccount, ofProject := account.Callback, project.Callback
	ofAccount.Headers = headersOfAccount(ctx, account)
	ofProject.Headers = headersOfProject(ctx, project)
	target := tenant.EffectiveTarget(ofAccount, ofProject)
	if target.URL == "" {
		return nil, nil
	}
	url, err := customersURL(ctx, &target.URL)
	if err != nil {
		return nil, err
	}
	target.URL = *url
	return &target, target.Unreadable
}

func badInput(field, message string) error {
	return &models.Error{Code: models.CodeBadUserInput, Field: field, Message: message}
}

// wholeMilliseconds is a duration as an Int of GraphQL, which has 32 bits: at least 0, at most 24 days. An attempt is
// longer where all workers were away for so long.
func wholeMilliseconds(d time.Duration) *int {
	return new(int(min(max(d.Milliseconds(), 0), math.MaxInt32)))
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
