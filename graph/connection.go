package graph

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

// listed is an entity that stands in a list.
type listed interface{ ListCursor() models.Cursor }

// Connection is one page of a list.
type Connection[T listed] struct {
	Nodes         []T
	SearchedUntil *time.Time
	pageInfo      PageInfo
	cursor        func(T) models.Cursor
	count         func(context.Context) (models.Count, error)
}

// Edge is one entity of a page with its place in the list.
type Edge[T listed] struct {
	Cursor string
	Node   T
}

// Lists of the schema, by name for gqlgen.
type (
	// AccountConnection is a page of accounts.
	AccountConnection = Connection[*tenant.Account]
	// AccountEdge is one of them.
	AccountEdge = Edge[*tenant.Account]
	// ProjectConnection is a page of projects.
	ProjectConnection = Connection[*tenant.Project]
	// ProjectEdge is one of them.
	ProjectEdge = Edge[*tenant.Project]
	// ActionConnection is a page of actions.
	ActionConnection = Connection[*run.Action]
	// ActionEdge is one of them.
	ActionEdge = Edge[*run.Action]
	// RunConnection is a page of runs.
	RunConnection = Connection[*run.Run]
	// RunEdge is one of them.
	RunEdge = Edge[*run.Run]
	// BatchConnection is a page of batches.
	BatchConnection = Connection[*run.Batch]
	// BatchEdge is one of them.
	BatchEdge = Edge[*run.Batch]
	// ScheduleConnection is a page of schedules.
	ScheduleConnection = Connection[*run.Schedule]
	// ScheduleEdge is one of them.
	ScheduleEdge = Edge[*run.Schedule]
	// JobConnection is a page of jobs.
	JobConnection = Connection[*job.Job]
	// JobEdge is one of them.
	JobEdge = Edge[*job.Job]
	// CallbackConnection is a page of callbacks.
	CallbackConnection = Connection[*callback.Callback]
	// CallbackEdge is one of them.
	CallbackEdge = Edge[*callback.Callback]
	// AccountUserConnection is a page of an account's users.
	AccountUserConnection = Connection[*tenant.AccountUser]
	// AccountUserEdge is one of them.
	AccountUserEdge = Edge[*tenant.AccountUser]
	// UserConnection is a page of users.
	UserConnection = Connection[*tenant.User]
	// UserEdge is one of them.
	UserEdge = Edge[*tenant.User]
	// AccountRoleConnection is a page of a user's roles.
	AccountRoleConnection = Connection[*tenant.AccountRole]
	// AccountRoleEdge is one of them.
	AccountRoleEdge = Edge[*tenant.AccountRole]
	// SessionConnection is a page of sessions.
	SessionConnection = Connection[*tenant.Session]
	// SessionEdge is one of them.
	SessionEdge = Edge[*tenant.Session]
	// SSOClientConnection is a page of SSO clients.
	SSOClientConnection = Connection[*tenant.SSOClient]
	// SSOClientEdge is one of them.
	SSOClientEdge = Edge[*tenant.SSOClient]
	// CrawlConnection is a page of crawls.
	CrawlConnection = Connection[*crawl.Crawl]
	// CrawlEdge is one of them.
	CrawlEdge = Edge[*crawl.Crawl]
	// BulkReplayConnection is a page of bulk replays.
	BulkReplayConnection = Connection[*callback.BulkReplay]
	// BulkReplayEdge is one of them.
	BulkReplayEdge = Edge[*callback.BulkReplay]
	// AttemptConnection is a page of attempts.
	AttemptConnection = Connection[*callback.Attempt]
	// AttemptEdge is one of them.
	AttemptEdge = Edge[*callback.Attempt]
)

func newConnection[T listed](
	page *models.PageOf[T], cursor func(T) models.Cursor, count func(context.Context) (models.Count, error),
) *Connection[T] {
	c := &Connection[T]{Nodes: page.Nodes, cursor: cursor, count: count}
	c.pageInfo = PageInfo{HasNextPage: page.HasNext, HasPreviousPage: page.HasPrevious}
	if n := len(page.Nodes); n > 0 {
		start, end := cursor(page.Nodes[0]).String(), cursor(page.Nodes[n-1]).String()
		c.pageInfo.StartCursor, c.pageInfo.EndCursor = &start, &end
	}
	return c
}

// stopped tells where the page stopped to look for more: from there the next one goes on.
func (c *Connection[T]) stopped(place *models.Cursor, fromEnd bool) {
	if place == nil {
		return
	}
	c.SearchedUntil = &place.At
	if text := place.String(); fromEnd {
		c.pageInfo.StartCursor = &text
	} else {
		c.pageInfo.EndCursor = &text
	}
}

// ofEntity is the place in a list that is sorted by no argument.
func ofEntity[T listed](entity T) models.Cursor { return entity.ListCursor() }

// Edges returns the entities with their cursors.
func (c *Connection[T]) Edges() []*Edge[T] {
	edges := make([]*Edge[T], len(c.Nodes))
	for i, n := range c.Nodes {
		edges[i] = &Edge[T]{Cursor: c.cursor(n).String(), Node: n}
	}
	return edges
}

// PageInfo tells where the list goes on.
func (c *Connection[T]) PageInfo() *PageInfo { return &c.pageInfo }

// TotalCount counts the whole list; it is read only when it is asked for.
func (c *Connection[T]) TotalCount(ctx context.Context) (int, error) {
	count, err := c.count(ctx)
	return count.N, err
}

// TotalCountIsExact tells whether there are no more than that.
func (c *Connection[T]) TotalCountIsExact(ctx context.Context) (bool, error) {
	count, err := c.count(ctx)
	return count.Exact, err
}
