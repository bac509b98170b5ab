package graph

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// readBulkOwner reads whose callbacks are replayed.
func (r *ids) readBulkOwner(of *BulkReplayOwnerInput) callback.BulkOwner {
	owner := CallbackOwnerInput(*of)
	return bulkOwner(r.readAnyOwner(&owner))
}

func bulkOwner(of models.KeyScope) callback.BulkOwner {
	return callback.BulkOwner{ProjectID: of.ProjectID, AccountID: of.AccountID, SSOClientID: of.SSOClientID}
}

func changeBulkReplay(
	ctx context.Context, id models.ObjectID,
	change func(context.Context, *models.Actor, int64) (*callback.BulkReplay, error),
) (*callback.BulkReplay, error) {
	raw, err := id.RawOf(callback.TypeBulkReplay, "bulkReplayId")
	if err != nil {
		return nil, err
	}
	return change(ctx, models.ActorFrom(ctx), raw)
}

// bulkReplays lists those of a project, an account or an SSO client; dryRun: only such, or only others.
func (r *Resolver) bulkReplays(
	ctx context.Context, owner callback.Parent, id int64, asked models.PageArguments, dryRun *bool,
) (*BulkReplayConnection, error) {
	scope, name := visible(ctx), "bulkReplays of "+string(owner)
	if dryRun != nil {
		name += " " + strconv.FormatBool(*dryRun)
	}
	return connection(ctx, id, asked, list[*callback.BulkReplay]{
		name: name,
		pages: func(
			ctx context.Context, ids []int64, page models.Page,
		) (map[int64]*models.PageOf[*callback.BulkReplay], error) {
			return r.service.Callbacks.BulkReplayPages(ctx, scope, owner, ids, dryRun, page)
		},
		count: func(ctx context.Context, ids []int64) (map[int64]int, error) {
			return r.service.Callbacks.CountBulkReplays(ctx, scope, owner, ids, dryRun)
		},
	})
}

// skippedReasons has the most frequent first.
func skippedReasons(b *callback.BulkReplay) []*BulkReplaySkipped {
	list := make([]*BulkReplaySkipped, 0, len(b.Skipped))
	for reason, n := range b.Skipped {
		list = append(list, &BulkReplaySkipped{Reason: reason, Count: n})
	}
	slices.SortFunc(list, func(a, b *BulkReplaySkipped) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason))
	})
	return list
}

func idOrNull(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}
