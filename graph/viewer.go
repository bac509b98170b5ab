package graph

import (
	"context"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// roleOf is the role of a portal session.
func roleOf(p PortalPermission) models.Role {
	if p == PortalPermissionManage {
		return models.RoleEditor
	}
	return models.RoleViewer
}

// permissionOf is the opposite; nil: the actor has no portal session.
func permissionOf(actor *models.Actor) *PortalPermission {
	switch {
	case actor.Key == nil || actor.SessionToken == "":
		return nil
	case actor.Key.Role == models.RoleViewer:
		return new(PortalPermissionRead)
	}
	return new(PortalPermissionManage)
}

// viewerOf says what the session or the key of an actor is of.
func viewerOf(ctx context.Context, actor *models.Actor) (v *Viewer, err error) {
	v = &Viewer{Permission: permissionOf(actor)}
	switch key := actor.Key; {
	case key == nil:
		v.User, err = load(ctx, loadersFrom(ctx).users(), actor.CreatorID())
	case key.SSOClientID != 0:
		v.SsoClient, err = entity[*tenant.SSOClient](ctx, tenant.TypeSSOClient, &key.SSOClientID)
	case key.ProjectID != 0:
		v.Project, err = entity[*tenant.Project](ctx, tenant.TypeProject, &key.ProjectID)
	default:
		v.Account, err = entity[*tenant.Account](ctx, tenant.TypeAccount, &key.AccountID)
	}
	return v, err
}
