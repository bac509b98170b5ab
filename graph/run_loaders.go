package graph

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
)

// addRuns adds the loaders of runs and jobs.
func (l *loaders) addRuns() {
	l.actions = byID(l.wait, func(ctx context.Context, ids []int64) ([]*models.Action, error) {
		return l.service.Actions(ctx, l.actor, ids...)
	})
	l.schedules = byID(l.wait, func(ctx context.Context, ids []int64) ([]*models.RunSchedule, error) {
		return l.service.Schedules(ctx, l.actor, ids...)
	})
	l.runs = byID(l.wait, func(ctx context.Context, ids []int64) ([]*models.Run, error) {
		return l.service.Runs(ctx, l.actor, ids...)
	})
	l.jobs = byID(l.wait, func(ctx context.Context, ids []int64) ([]*job.Job, error) {
		return l.service.Jobs.Jobs(ctx, l.actor, ids...)
	})
	l.batches = keyed(l.wait, func(b *models.Batch) int64 { return b.ID },
		func(ctx context.Context, ids []int64) ([]*models.Batch, error) {
			return l.service.Batches(ctx, l.actor, ids...)
		})
	l.batchAttempts = mapped(l.wait, func(ctx context.Context, ids []int64) (map[int64][]*models.BatchAttempt, error) {
		found, err := l.service.BatchAttempts(ctx, l.actor, ids...)
		byBatch := map[int64][]*models.BatchAttempt{}
		for _, a := range found {
			byBatch[a.BatchID] = append(byBatch[a.BatchID], a)
		}
		return byBatch, err
	})
}

// runs lists the runs of an owner.
func runs(ctx context.Context, owner models.RunOwner, ownerID int64, first *int, after *string, filter *models.RunFilter) (*Connection[*models.Run], error) {
	page, err := models.NewPage(first, after)
	if err != nil {
		return nil, err
	}
	if filter == nil {
		filter = &models.RunFilter{}
	}
	if err := filter.Check(); err != nil {
		return nil, err
	}
	arguments, err := json.Marshal(filter)
	if err != nil {
		return nil, err
	}
	l := loadersFrom(ctx)
	return connection(ctx, ownerID, page, list[*models.Run]{
		name: fmt.Sprintf("runs of %s %s", owner, arguments),
		pages: func(ctx context.Context, ids []int64) (map[int64]*models.PageOf[*models.Run], error) {
			return l.service.RunPages(ctx, l.actor, owner, ids, *filter, page)
		},
		count: func(ctx context.Context, ids []int64) (map[int64]int, error) {
			return l.service.CountRuns(ctx, l.actor, owner, ids, *filter)
		},
	})
}

// newResultConnection is a page of results, which are bare JSON values.
func newResultConnection(of *Connection[*models.Result], totalCount int) *ResultConnection {
	c := &ResultConnection{PageInfo: of.PageInfo(), TotalCount: totalCount, Nodes: []json.RawMessage{}, Edges: []*ResultEdge{}}
	for _, edge := range of.Edges() {
		c.Nodes = append(c.Nodes, edge.Node.RawMessage)
		c.Edges = append(c.Edges, &ResultEdge{Cursor: edge.Cursor, Node: edge.Node.RawMessage})
	}
	return c
}
