package graph

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// callbacks lists the callbacks of an owner.
func callbacks(
	ctx context.Context, owner callback.Parent, ownerID int64, asked models.PageArguments, filter *callback.Filter,
	order *callback.Order,
) (*Connection[*callback.Callback], error) {
	if filter == nil {
		filter = &callback.Filter{}
	}
	if order == nil {
		order = &callback.Order{}
	}
	page, err := models.NewPage(asked, order.Name())
	if err := models.AllProblems(err, filter.Check()); err != nil {
		return nil, err
	}
	l, listed := loadersFrom(ctx), *filter
	listed.Sorted = order.Field
	arguments, err := json.Marshal(listed)
	if err != nil {
		return nil, err
	}
	name, scope := fmt.Sprintf("callbacks of %s %s", owner, arguments), l.actor.Scope(models.RoleViewer)
	found, err := pageOf(ctx, ownerID, page, name,
		func(ctx context.Context, ids []int64, page models.Page) (map[int64]*models.PageOf[*callback.Callback], error) {
			return l.service.Callbacks.CallbackPages(ctx, scope, owner, ids, listed, page)
		})
	if err != nil {
		return nil, err
	}
	c := newConnection(found, order.Place, func(ctx context.Context) (models.Count, error) {
		count, err := load(ctx, shared(l, "count of "+name, func(ctx context.Context, ids []int64) (map[int64]models.Count, error) {
			counts, err := l.service.Callbacks.CountCallbacks(ctx, scope, owner, ids, listed)
			for _, id := range ids {
				if _, some := counts[id]; !some && err == nil {
					counts[id] = models.CountOf(0)
				}
			}
			return counts, err
		}), &ownerID)
		return count, err
	})
	c.stopped(found.SearchedUntil, page.FromEnd)
	return c, nil
}
