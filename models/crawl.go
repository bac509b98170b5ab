package models

import (
	"context"
	"time"
)

// CrawlKind tells a standard crawl from the build of a test suite.
type CrawlKind string

// Kinds of crawls.
const (
	CrawlStandard       CrawlKind = "Standard"
	CrawlTestSuiteBuild CrawlKind = "TestSuiteBuild"
)

// CrawlStatus is how far a crawl is.
type CrawlStatus string

// Statuses of crawls. All but Queued are ends.
const (
	CrawlQueued    CrawlStatus = "Queued"
	CrawlFinished  CrawlStatus = "Finished"
	CrawlFailed    CrawlStatus = "Failed"
	CrawlCancelled CrawlStatus = "Cancelled"
)

// Crawl is one crawl of a project.
type Crawl struct {
	ID              int64
	AccountID       int64
	ProjectID       int64
	CreatedByUserID *int64
	Kind            CrawlKind
	Status          CrawlStatus
	CreatedAt       time.Time
	FinishedAt      *time.Time
}

// ObjectID returns the crawl's global id.
func (c *Crawl) ObjectID() ObjectID { return ObjectID{TypeCrawl, c.ID} }

// RawID returns the crawl's number as text.
func (c *Crawl) RawID() string { return RawIDText(c.ID) }

// OwnerCrawl is of a crawl's callbacks.
const OwnerCrawl CallbackOwner = TypeCrawl

// What a purge deletes of crawls.
const (
	ReportDownloadSources SourceKind = "report downloads"
	CrawlSources          SourceKind = "crawls"
)

var crawlPurges = []Purging{PurgeOf(ReportDownloadSources), PurgeOf(CrawlSources)}

// CrawlStore keeps crawls.
type CrawlStore interface {
	Crawls(ctx context.Context, scope Scope, ids ...int64) ([]*Crawl, error)
	// LockCrawls returns those of the given crawls that there are. It locks them in the order of their ids, so that two that lock
	// some of the same crawls wait for each other, and not in a ring.
	LockCrawls(ctx context.Context, ids ...int64) ([]*Crawl, error)
	// CreateCrawl sets the ID.
	CreateCrawl(ctx context.Context, c *Crawl) error
	// CreateCrawls creates crawls under the IDs that they have, in this order, and returns those IDs that are taken, whose crawls it
	// leaves as they are. When another transaction is just taking one, that one's end is waited for.
	CreateCrawls(ctx context.Context, crawls []*Crawl) ([]int64, error)
	// UpdateCrawls writes what can change of crawls that are locked.
	UpdateCrawls(ctx context.Context, crawls []*Crawl) error
}

// RunCrawl queues a crawl of a project, created by the actor. Editor and up.
func (s *Service) RunCrawl(ctx context.Context, actor *Actor, projectID int64) (*Crawl, error) {
	project, err := s.Project(ctx, actor, projectID)
	if err != nil {
		return nil, err
	}
	if err := actor.RequireProjectRole(project.AccountID, project.ID, RoleEditor); err != nil {
		return nil, err
	}
	crawl := &Crawl{
		AccountID: project.AccountID, ProjectID: project.ID, Kind: CrawlStandard, Status: CrawlQueued, CreatedAt: s.now(),
	}
	if actor.User != nil {
		crawl.CreatedByUserID = &actor.User.ID
	}
	return crawl, s.store.InTx(ctx, func(tx Store) error { return tx.CreateCrawl(ctx, crawl) })
}

// Crawl returns one crawl that the actor may see.
func (s *Service) Crawl(ctx context.Context, actor *Actor, id int64) (*Crawl, error) {
	return One(s.Crawls(ctx, actor, id))(TypeCrawl)
}

// Crawls returns those of the given crawls that the actor may see, in no order.
func (s *Service) Crawls(ctx context.Context, actor *Actor, ids ...int64) ([]*Crawl, error) {
	return s.store.Crawls(ctx, actor.Scope(RoleViewer), ids...)
}
