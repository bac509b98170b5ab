package tenant

import (
	"context"
	"slices"

	"github.com/ringback/ringback/models"
)

// visible are those of the given users that the actor may ask for by their ids: to the platform all, to a user itself.
func visibleUsers(actor *models.Actor, ids []int64) []int64 {
	switch {
	case actor.Scope(models.RoleViewer).Everything():
		return ids
	case actor != nil && actor.UserID != 0 && slices.Contains(ids, actor.UserID):
		return []int64{actor.UserID}
	}
	return nil
}

// VisibleUsers returns those of the given users that the actor may ask for by their ids: the platform all, a user
// itself.
func (q Queries) VisibleUsers(ctx context.Context, actor *models.Actor, ids ...int64) ([]*User, error) {
	ids = visibleUsers(actor, ids)
	if len(ids) == 0 {
		return nil, nil
	}
	return q.store.Users(ctx, ids...)
}

// User returns a user to itself and to the platform. To everyone else there is none.
func (q Queries) User(ctx context.Context, actor *models.Actor, id int64) (*User, error) {
	return models.One(q.VisibleUsers(ctx, actor, id))(TypeUser)
}

// UserPage lists all users, newest first. Platform only.
func (q Queries) UserPage(ctx context.Context, actor *models.Actor, page models.Page) (*models.PageOf[*User], error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, err
	}
	return q.store.UserPage(ctx, page)
}

// CountUsers counts what UserPage lists.
func (q Queries) CountUsers(ctx context.Context, actor *models.Actor) (int, error) {
	if err := actor.RequirePlatform(); err != nil {
		return 0, err
	}
	return q.store.CountUsers(ctx)
}

// RolePages lists the roles of those of the given users that the actor may ask for by their ids.
func (q Queries) RolePages(
	ctx context.Context, actor *models.Actor, userIDs []int64, page models.Page,
) (map[int64]*models.PageOf[*AccountRole], error) {
	return q.store.RolePages(ctx, visibleUsers(actor, userIDs), page)
}

// CountRoles counts what RolePages lists.
func (q Queries) CountRoles(ctx context.Context, actor *models.Actor, userIDs []int64) (map[int64]int, error) {
	return q.store.CountRoles(ctx, visibleUsers(actor, userIDs))
}
