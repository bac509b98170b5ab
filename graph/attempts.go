package graph

import (
	"context"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// heldByPause reads whose the callback is only where it waits: most of a history has ended.
func heldByPause(ctx context.Context, c *callback.Callback) (bool, error) {
	if c.Status != callback.StatusPending {
		return false, nil
	}
	account, err := entity[*tenant.Account](ctx, tenant.TypeAccount, &c.AccountID)
	if account == nil || err != nil {
		return false, err
	}
	project, err := entity[*tenant.Project](ctx, tenant.TypeProject, &c.ProjectID)
	return c.HeldByPause(callback.Owners{Account: account, Project: project}), err
}
