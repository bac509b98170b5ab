package graph

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/vikstrous/dataloadgen"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// batchWait is how long a loader gathers keys. The siblings of a list are resolved at once, so it need not be long.
const batchWait = time.Millisecond

// maxBatch bounds one statement: a list in a list can have thousands of owners, and SQLite joins at most 500 selects.
const maxBatch = models.MaxPageSize

// loaders batch the reads of one request, so that a list costs one statement for each relation and not one for each
// entity.
type loaders struct {
	service Services
	actor   *models.Actor
	wait    time.Duration

	// all are made as they are asked for: there is one for each list field with its arguments, as only siblings with the
	// same ones share a statement, one for each kind of long text, each type of entities and each relation below.
	mu  sync.Mutex
	all map[string]any
}

type loadersKey struct{}

// operationKey is of the context of the operation itself, below all of its fields.
type operationKey struct{}

// ofOperation is the context to read with. A connection to Postgres keeps the context of its last statement for as long
// as it lives, and that of a field has all that was read above it.
func ofOperation(ctx context.Context) context.Context {
	return ctx.Value(operationKey{}).(context.Context)
}

// withLoaders returns a context with loaders, and what makes it forget all that they have read.
func withLoaders(ctx context.Context, service Services, wait time.Duration) (_ context.Context, forget func()) {
	l := &loaders{service: service, actor: models.ActorFrom(ctx), wait: wait, all: map[string]any{}}
	forget = func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.all = nil
	}
	return context.WithValue(context.WithValue(ctx, operationKey{}, ctx), loadersKey{}, l), forget
}

func loadersFrom(ctx context.Context) *loaders { return ctx.Value(loadersKey{}).(*loaders) }

// users are those who made what one may see, beside those that are found by their ids.
func (l *loaders) users() *dataloadgen.Loader[int64, *tenant.User] {
	return shared(l, "users", keyed(func(u *tenant.User) int64 { return u.ID }, func(ctx context.Context, ids ...int64) ([]*tenant.User, error) {
		return l.service.Tenants.Makers(ctx, l.actor, ids...)
	}))
}

func (l *loaders) replays() *dataloadgen.Loader[int64, []*callback.Callback] {
	return shared(l, "replays", func(ctx context.Context, ids []int64) (map[int64][]*callback.Callback, error) {
		found, err := l.service.Callbacks.Replays(ctx, l.actor.Scope(models.RoleViewer), ids...)
		return models.Grouped(found, func(c *callback.Callback) int64 { return *c.ReplayOfID }), err
	})
}

func (l *loaders) signingSecrets() *dataloadgen.Loader[int64, []*tenant.SigningSecret] {
	return shared(l, "signing secrets", asActor(l, l.service.Tenants.ProjectSigningSecrets))
}

func (l *loaders) projectKeys() *dataloadgen.Loader[int64, []*tenant.ProjectKey] {
	return shared(l, "project keys", asActor(l, l.service.Tenants.ProjectKeys))
}

func (l *loaders) ssoClientKeys() *dataloadgen.Loader[int64, []*tenant.SSOClientKey] {
	return shared(l, "SSO client keys", asActor(l, l.service.Tenants.SSOClientKeys))
}

// asActor reads as who asks.
func asActor[V any](
	l *loaders, read func(context.Context, *models.Actor, ...int64) (map[int64]V, error),
) func(context.Context, []int64) (map[int64]V, error) {
	return func(ctx context.Context, ids []int64) (map[int64]V, error) { return read(ctx, l.actor, ids...) }
}

// keyed reads values by their ids.
func keyed[V any](
	id func(V) int64, read func(context.Context, ...int64) ([]V, error),
) func(context.Context, []int64) (map[int64]V, error) {
	return func(ctx context.Context, ids []int64) (map[int64]V, error) {
		found, err := read(ctx, ids...)
		m := make(map[int64]V, len(found))
		for _, v := range found {
			m[id(v)] = v
		}
		return m, err
	}
}

// load returns the zero value for what is not there, or not within the actor's sight.
func load[V any](ctx context.Context, loader *dataloadgen.Loader[int64, V], id *int64) (V, error) {
	var none V
	if id == nil {
		return none, nil
	}
	v, err := loader.Load(ctx, *id)
	if errors.Is(err, dataloadgen.ErrNotFound) {
		return none, nil
	}
	return v, err
}

// entities batch the reads of a type whose entities have ids of the API. They are read as those ids are.
func entities(ctx context.Context, typeName string) *dataloadgen.Loader[int64, Node] {
	l := loadersFrom(ctx)
	return shared(l, typeName, func(ctx context.Context, ids []int64) (map[int64]Node, error) {
		found, err := l.service.Entities(ctx, l.actor, typeName, ids...)
		byID := make(map[int64]Node, len(found))
		for _, one := range found {
			byID[one.ObjectID().Raw] = one
		}
		return byID, err
	})
}

// entity returns nil for what is not there, or not within the actor's sight.
func entity[V Node](ctx context.Context, typeName string, id *int64) (V, error) {
	found, err := load(ctx, entities(ctx, typeName), id)
	v, _ := found.(V)
	return v, err
}

// list is a list field of one owner with its arguments.
type list[T listed] struct {
	name  string // of the field and its arguments
	pages func(ctx context.Context, ids []int64, page models.Page) (map[int64]*models.PageOf[T], error)
	count func(ctx context.Context, ids []int64) (map[int64]int, error)
}

// connection reads the page of one owner, together with those of its siblings.
func connection[T listed](
	ctx context.Context, ownerID int64, asked models.PageArguments, l list[T],
) (*Connection[T], error) {
	page, err := models.NewPage(asked, "")
	if err != nil {
		return nil, err
	}
	found, err := pageOf(ctx, ownerID, page, l.name, l.pages)
	if err != nil {
		return nil, err
	}
	return newConnection(found, ofEntity, func(ctx context.Context) (models.Count, error) {
		n, err := load(ctx, shared(loadersFrom(ctx), "count of "+l.name, l.count), &ownerID)
		return models.CountOf(n), err
	}), nil
}

// pageOf reads one page of a list with a name, together with those of its siblings.
func pageOf[T listed](
	ctx context.Context, ownerID int64, page models.Page, name string,
	read func(context.Context, []int64, models.Page) (map[int64]*models.PageOf[T], error),
) (*models.PageOf[T], error) {
	name = fmt.Sprintf("page of %s %q %d %t %v %v", name, page.Order, page.First, page.FromEnd, page.After, page.Before)
	pages := func(ctx context.Context, ids []int64) (map[int64]*models.PageOf[T], error) {
		return read(ctx, ids, page)
	}
	found, err := load(ctx, shared(loadersFrom(ctx), name, pages), &ownerID)
	if found == nil {
		found = &models.PageOf[T]{}
	}
	return found, err
}

func shared[V any](
	l *loaders, name string, read func(context.Context, []int64) (map[int64]V, error),
) *dataloadgen.Loader[int64, V] {
	l.mu.Lock()
	defer l.mu.Unlock()
	loader, ok := l.all[name].(*dataloadgen.Loader[int64, V])
	if !ok {
		loader = dataloadgen.NewMappedLoader(func(ctx context.Context, ids []int64) (map[int64]V, error) {
			return read(ofOperation(ctx), ids)
		}, dataloadgen.WithWait(l.wait), dataloadgen.WithBatchCapacity(maxBatch))
		l.all[name] = loader
	}
	return loader
}
