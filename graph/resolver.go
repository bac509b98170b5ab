package graph

import (
	"context"
	"math"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

// Services are the use-cases that the API is of.
type Services struct {
	Callbacks *callback.Service
	Tenants   *tenant.Service
	Checks    *tenant.Checks
	Access    *tenant.Access
	Crawls    *crawl.Service
	Jobs      *job.Service
	Texts     models.TextReader
	Runs      *run.Service
}

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

// node finds an entity by its global id.
func (r *Resolver) node(ctx context.Context, id models.ObjectID) (Node, error) {
	actor := models.ActorFrom(ctx)
	switch id.Type {
	case tenant.TypeAccount:
		return found(r.service.Tenants.Account(ctx, actor, id.Raw))
	case tenant.TypeProject:
		return found(r.service.Tenants.Project(ctx, actor, id.Raw))
	case models.TypeCrawl:
		return found(r.service.Crawls.Crawl(ctx, actor, id.Raw))
	case models.TypeReportDownload:
		return found(r.service.Crawls.ReportDownload(ctx, actor, id.Raw))
	case models.TypeCallback:
		return found(r.service.Callbacks.Callback(ctx, visible(ctx), id.Raw))
	case models.TypeAction:
		return found(r.service.Runs.Action(ctx, visible(ctx), id.Raw))
	case models.TypeRun:
		return found(r.service.Runs.Run(ctx, visible(ctx), id.Raw))
	case models.TypeSchedule:
		return found(r.service.Runs.Schedule(ctx, visible(ctx), id.Raw))
	case models.TypeJob:
		return found(r.service.Jobs.Job(ctx, actor, id.Raw))
	case tenant.TypeSSOClient:
		return found(r.service.Tenants.SSOClient(ctx, actor, id.Raw))
	case tenant.TypeUser:
		return found(r.service.Tenants.User(ctx, actor, id.Raw))
	case "":
		return nil, badInput("id", "must be a global id: a bare number does not say the type")
	default:
		return nil, models.NotFound(id.Type)
	}
}

// found keeps a nil pointer from becoming a Node that is not nil.
func found[T Node](entity T, err error) (Node, error) {
	if err != nil {
		return nil, err
	}
	return entity, nil
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
	byID func(context.Context, *models.Actor, int64) (T, error),
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
	raw, err := id.RawOf(typeName, "id")
	if err != nil {
		return none, err
	}
	return byID(ctx, actor, raw)
}

// accountsOf lists the actor's own accounts. Of other users it tells nothing.
func (r *Resolver) accountsOf(
	ctx context.Context, user *tenant.User, first *int, after *string,
) (*Connection[*tenant.Account], error) {
	page, err := models.NewPage(first, after)
	if err != nil {
		return nil, err
	}
	actor := models.ActorFrom(ctx)
	if actor.UserID != user.ID {
		none := func(context.Context) (int, error) { return 0, nil }
		return newConnection(page, &models.PageOf[*tenant.Account]{}, none), nil
	}
	accounts, err := r.service.Tenants.AccountPage(ctx, actor, page)
	if err != nil {
		return nil, err
	}
	count := func(ctx context.Context) (int, error) { return r.service.Tenants.CountAccounts(ctx, actor) }
	return newConnection(page, accounts, count), nil
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

// effectiveCallback returns nil where there is no URL.
func effectiveCallback(ctx context.Context, account *tenant.Account, project *tenant.Project) (*tenant.Target, error) {
	ofAccount, ofProject := account.Callback, project.Callback
	ofAccount.Headers = headersOfAccount(ctx, account)
	ofProject.Headers = headersOfProject(ctx, project)
	target := tenant.EffectiveTarget(ofAccount, ofProject)
	if target.URL == "" {
		return nil, nil
	}
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
