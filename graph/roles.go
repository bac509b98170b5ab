package graph

import (
	"context"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// setRole sets the role of a user on an account; empty: none any more.
func (r *Resolver) setRole(ctx context.Context, account, user models.ObjectID, role models.Role) (tenant.RoleSet, error) {
	var ids ids
	in := tenant.RoleToSet{
		AccountID: ids.read("accountId", tenant.TypeAccount, account), UserID: ids.read("userId", tenant.TypeUser, user), Role: role,
	}
	if ids.err != nil {
		return tenant.RoleSet{}, ids.err
	}
	return r.service.Access.SetRole(ctx, models.ActorFrom(ctx), in)
}
