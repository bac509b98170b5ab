package graph

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/run"
)

// addRuns adds the loaders of what belongs to runs.
func (l *loaders) addRuns() {
	scope := l.actor.Scope(models.RoleViewer)
	l.batches = keyed(l.wait, func(b *run.Batch) int64 { return b.ID },
		func(ctx context.Context, ids []int64) ([]*run.Batch, error) {
			return l.service.Runs.Batches(ctx, scope, ids...)
		})
	l.batchAttempts = mapped(l.wait, func(ctx context.Context, ids []int64) (map[int64][]*run.BatchAttempt, error) {
		found, err := l.service.Runs.BatchAttempts(ctx, scope, ids...)
		byBatch := map[int64][]*run.BatchAttempt{}
		for _, a := range found {
			byBatch[a.BatchID] = append(byBatch[a.BatchID], a)
		}
		return byBatch, err
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
