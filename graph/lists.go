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

// nothing is an empty list.
func nothing[T listed](asked models.PageArguments) (*Connection[T], error) {
	_, err := models.NewPage(asked, "")
	return newConnection(&models.PageOf[T]{}, ofEntity, func(context.Context) (models.Count, error) {
		return models.CountOf(0), nil
	}), err
}

// isCaller tells whether a user is who asks. Of others, what is a user's own tells nothing.
func isCaller(ctx context.Context, user *tenant.User) bool {
	return models.ActorFrom(ctx).UserID == user.ID
}

// accountsOf lists the caller's own accounts.
func (r *Resolver) accountsOf(
	ctx context.Context, user *tenant.User, asked models.PageArguments,
) (*Connection[*tenant.Account], error) {
	if !isCaller(ctx, user) {
		return nothing[*tenant.Account](asked)
	}
	return ofCaller(ctx, asked, r.service.Tenants.AccountPage, r.service.Tenants.CountAccounts)
}

// sessionsOf lists the caller's own sessions.
func (r *Resolver) sessionsOf(
	ctx context.Context, user *tenant.User, asked models.PageArguments,
) (*Connection[*tenant.Session], error) {
	if !isCaller(ctx, user) {
		return nothing[*tenant.Session](asked)
	}
	return ofCaller(ctx, asked, r.service.Access.SessionPage, r.service.Access.CountSessions)
}
