package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/domain"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/tenant"
)

// once makes an entity, or finds the one that the same mutation with the same key has made: see models.DoOnce.
func once[T domain.Entity](
	ctx context.Context, r *Resolver, key graphql.Omittable[*string], typeName string, do func(context.Context) (T, error),
) (T, error) {
	return doOnce(ctx, r, key, do, func(ids []int64) (made T, err error) {
		found, err := r.service.Entities(ctx, models.ActorFrom(ctx), typeName, ids...)
		if err == nil && len(found) == 0 {
			err = models.NotFound(typeName)
		}
		if err != nil {
			return made, err
		}
		return found[0].(T), nil
	})
}

// onceWithSecret makes what is shown this once: the same mutation again is a CONFLICT.
func onceWithSecret[T any](
	ctx context.Context, r *Resolver, key graphql.Omittable[*string], do func(context.Context) (T, error),
) (T, error) {
	return doOnce(ctx, r, key, do, func([]int64) (made T, err error) {
		return made, models.Conflict("idempotencyKey", "was used within the last 24 h: it is made, and its secret was shown then")
	})
}

// jobsOnce makes jobs, or finds those that the same mutation has made, in their order.
func (r *Resolver) jobsOnce(ctx context.Context, key graphql.Omittable[*string], in job.NewJobs) ([]*job.Job, error) {
	actor := models.ActorFrom(ctx)
	return doOnce(ctx, r, key, func(ctx context.Context) ([]*job.Job, error) {
		return r.service.Jobs.CreateJobs(ctx, actor, in)
	}, func(ids []int64) (jobs []*job.Job, err error) {
		found, err := r.service.Jobs.Jobs(ctx, actor, ids...)
		byID := map[int64]*job.Job{}
		for _, j := range found {
			byID[j.ID] = j
		}
		for _, id := range ids {
			if byID[id] != nil {
				jobs = append(jobs, byID[id])
			}
		}
		return jobs, err
	})
}

// secretOf finds the secret that a mutation has made among those of its owner.
func secretOf(ids []int64, secrets []*tenant.SigningSecret, err error) (*tenant.SigningSecret, error) {
	if err != nil {
		return nil, err
	}
	for _, s := range secrets {
		if slices.Contains(ids, s.ID) {
			return s, nil
		}
	}
	return nil, models.Conflict("idempotencyKey", "was used within the last 24 h: the secret that it made has expired")
}

// doOnce takes the mutation's arguments for what is asked for.
func doOnce[T any](
	ctx context.Context, r *Resolver, key graphql.Omittable[*string],
	do func(context.Context) (T, error), again func([]int64) (T, error),
) (made T, err error) {
	call := models.Call{Actor: models.ActorFrom(ctx), Key: key.Value()}
	if call.Key != nil {
		field := graphql.GetFieldContext(ctx).Field
		if call.Content, err = sameCall(parsedSchema, field, graphql.GetOperationContext(ctx).Variables); err != nil {
			return made, err
		}
	}
	return models.DoOnce(ctx, r.service.Once, call, do, again)
}
