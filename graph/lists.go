package graph

import (
	"context"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// ofCaller is a list that is the caller's own, and no owner's among siblings.
func ofCaller[T listed](
	ctx context.Context, asked models.PageArguments,
	read func(context.Context, *models.Actor, models.Page) (*models.PageOf[T], error),
	count func(context.Context, *models.Actor) (int, error),
) (*Connection[T], error) {
	page, err := models.NewPage(asked, "")
	if err != nil {
		return nil, err
	}
	actor := models.ActorFrom(ctx)
	found, err := read(ctx, actor, page)
	if err != nil {
		return nil, err
	}
	return newConnection(found, ofEntity, func(ctx context.Context) (models.Count, error) {
		n, err := count(ctx, actor)
		return models.CountOf(n), err
	}), nil
}

// ofOwner lists what an owner has, together with what its siblings have. The caller is an actor or a scope.
func ofOwner[T listed, Caller any](
	ctx context.Context, name string, ownerID int64, asked models.PageArguments, caller Caller,
	pages func(context.Context, Caller, []int64, models.Page) (map[int64]*models.PageOf[T], error),
	count func(context.Context, Caller, []int64) (map[int64]int, error),
) (*Connection[T], error) {
	return connection(ctx, ownerID, asked, list[T]{
		name: name,
		pages: func(ctx context.Context, ids []int64, page models.Page) (map[int64]*models.PageOf[T], error) {
			return pages(ctx, caller, ids, page)
		},
		count: func(ctx context.Context, ids []int64) (map[int64]int, error) { return count(ctx, caller, ids) },
	})
}

// isCaller tells whether a user is who asks. Of others, what is a user's own tells nothing.
func isCaller(ctx context.Context, user *tenant.User) bool {
	return models.ActorFrom(ctx).UserID == user.ID
}

// ofUser lists what the caller has where it is the user, and else nothing.
func ofUser[T listed](
	ctx context.Context, user *tenant.User, asked models.PageArguments,
	read func(context.Context, *models.Actor, models.Page) (*models.PageOf[T], error),
	count func(context.Context, *models.Actor) (int, error),
) (*Connection[T], error) {
	if isCaller(ctx, user) {
		return ofCaller(ctx, asked, read, count)
	}
	_, err := models.NewPage(asked, "")
	return newConnection(&models.PageOf[T]{}, ofEntity, func(context.Context) (models.Count, error) {
		return models.CountOf(0), nil
	}), err
}
