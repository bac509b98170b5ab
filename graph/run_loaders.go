package graph

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/vikstrous/dataloadgen"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/run"
)

func (l *loaders) batches() *dataloadgen.Loader[int64, *run.Batch] {
	return shared(l, "batches", keyed(func(b *run.Batch) int64 { return b.ID },
		func(ctx context.Context, ids ...int64) ([]*run.Batch, error) {
			return l.service.Runs.Batches(ctx, l.actor.Scope(models.RoleViewer), ids...)
		}))
}

func (l *loaders) batchAttempts() *dataloadgen.Loader[int64, []*run.BatchAttempt] {
	return shared(l, "batch attempts", func(ctx context.Context, ids []int64) (map[int64][]*run.BatchAttempt, error) {
		found, err := l.service.Runs.BatchAttempts(ctx, l.actor.Scope(models.RoleViewer), ids...)
		return models.Grouped(found, func(a *run.BatchAttempt) int64 { return a.BatchID }), err
	})
}

// runs lists the runs of an owner.
func runs(
	ctx context.Context, owner run.Parent, ownerID int64, asked models.PageArguments, filter *run.Filter,
) (*Connection[*run.Run], error) {
	if filter == nil {
		filter = &run.Filter{}
	}
	if err := filter.Check(); err != nil {
		return nil, err
	}
	arguments, err := json.Marshal(filter)
	if err != nil {
		return nil, err
	}
	l, scope := loadersFrom(ctx), visible(ctx)
	return connection(ctx, ownerID, asked, list[*run.Run]{
		name: fmt.Sprintf("runs of %s %s", owner, arguments),
		pages: func(ctx context.Context, ids []int64, page models.Page) (map[int64]*models.PageOf[*run.Run], error) {
			return l.service.Runs.RunPages(ctx, scope, owner, ids, *filter, page)
		},
		count: func(ctx context.Context, ids []int64) (map[int64]int, error) {
			return l.service.Runs.CountRuns(ctx, scope, owner, ids, *filter)
		},
	})
}

// newResultConnection is a page of results, which are bare JSON values.
func newResultConnection(of *Connection[*run.Result], totalCount int) *ResultConnection {
	c := &ResultConnection{
		PageInfo: of.PageInfo(), TotalCount: totalCount, Nodes: []json.RawMessage{}, Edges: []*ResultEdge{},
	}
	for _, edge := range of.Edges() {
		c.Nodes = append(c.Nodes, edge.Node.RawMessage)
		c.Edges = append(c.Edges, &ResultEdge{Cursor: edge.Cursor, Node: edge.Node.RawMessage})
	}
	return c
}
