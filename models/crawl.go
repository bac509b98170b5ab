package models

import (
	"context"
	"slices"
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
func (c *Crawl) RawID() string { return rawIDText(c.ID) }

// CrawlStore keeps crawls.
type CrawlStore interface {
	Crawls(ctx context.Context, scope Scope, ids ...int64) ([]*Crawl, error)
	LockCrawl(ctx context.Context, id int64) (*Crawl, error)
	// CreateCrawl sets the ID unless it is given; when a given one is taken it does nothing, so that of two that
	// finish the same crawl at once the second waits for the first and then reads what it wrote.
	CreateCrawl(ctx context.Context, c *Crawl) error
	UpdateCrawl(ctx context.Context, c *Crawl) error
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

// CrawlEnd is the input of FinishCrawl. ProjectID is needed when the crawl is new here.
type CrawlEnd struct {
	CrawlID         int64
	ProjectID       *int64
	CreatedByUserID *int64
	Kind            CrawlKind
	Status          CrawlStatus
}

// FinishCrawl records that a crawl has ended and, in the same transaction, its callback: nil when the crawl did not
// finish well, is not a standard one, or has nowhere to call back to. The same call again returns the same crawl and
// callback and sends nothing more; a call that contradicts an earlier one is a CONFLICT. Platform only.
func (s *Service) FinishCrawl(ctx context.Context, actor *Actor, in CrawlEnd) (*Crawl, *Callback, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, nil, err
	}
	if !slices.Contains([]CrawlStatus{CrawlFinished, CrawlFailed, CrawlCancelled}, in.Status) {
		return nil, nil, invalid("status", "must be Finished, Failed or Cancelled")
	}
	var crawl *Crawl
	var callback *Callback
	isNew := false
	err := s.store.InTx(ctx, func(tx Store) (err error) {
		if crawl, err = s.crawlToFinish(ctx, tx, in); err != nil {
			return err
		}
		if crawl.FinishedAt != nil {
			if err := crawl.contradicts(in); err != nil {
				return err
			}
			callback, err = callbackOf(ctx, tx, crawlFinishedKey(crawl.ID))
			return err
		}
		isNew = true
		crawl.finish(in, s.now())
		if err := tx.UpdateCrawl(ctx, crawl); err != nil {
			return err
		}
		if crawl.Status != CrawlFinished || crawl.Kind != CrawlStandard {
			return nil
		}
		callback, err = s.raise(ctx, tx, occasion{
			event: CrawlFinishedEvent, dedupKey: crawlFinishedKey(crawl.ID), projectID: crawl.ProjectID, subject: Subject{Crawl: crawl},
		})
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if isNew {
		s.wake(ctx, callback)
	}
	return crawl, callback, nil
}

// crawlToFinish returns the crawl of the input, locked; one that is new here is made first.
func (s *Service) crawlToFinish(ctx context.Context, tx Store, in CrawlEnd) (*Crawl, error) {
	if in.CreatedByUserID != nil {
		if _, err := one(tx.Users(ctx, *in.CreatedByUserID))(TypeUser); err != nil {
			return nil, err
		}
	}
	crawl, err := tx.LockCrawl(ctx, in.CrawlID)
	if ErrorCode(err) == CodeNotFound {
		if in.ProjectID == nil {
			return nil, invalid("projectId", "must be given when the crawl is new here")
		}
		project, err := one(tx.Projects(ctx, PlatformActor().Scope(RoleViewer), *in.ProjectID))(TypeProject)
		if err != nil {
			return nil, err
		}
		err = tx.CreateCrawl(ctx, &Crawl{
			ID: in.CrawlID, AccountID: project.AccountID, ProjectID: project.ID,
			Kind: in.Kind, Status: CrawlQueued, CreatedAt: s.now(),
		})
		if err != nil {
			return nil, err
		}
		crawl, err = tx.LockCrawl(ctx, in.CrawlID)
		if err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	if in.ProjectID != nil && *in.ProjectID != crawl.ProjectID {
		return nil, Conflict("projectId", "crawl %d belongs to project %d", crawl.ID, crawl.ProjectID)
	}
	return crawl, nil
}

func (c *Crawl) finish(in CrawlEnd, at time.Time) {
	c.Kind, c.Status, c.FinishedAt = in.Kind, in.Status, &at
	if in.CreatedByUserID != nil {
		c.CreatedByUserID = in.CreatedByUserID
	}
}

func (c *Crawl) contradicts(in CrawlEnd) error {
	switch {
	case c.Status != in.Status:
		return Conflict("status", "crawl %d has ended already, as %s", c.ID, c.Status)
	case c.Kind != in.Kind:
		return Conflict("kind", "crawl %d has ended already, as a %s", c.ID, c.Kind)
	}
	return nil
}

func crawlFinishedKey(crawlID int64) string { return "crawl-finished:" + rawIDText(crawlID) }

// Crawl returns one crawl that the actor may see.
func (s *Service) Crawl(ctx context.Context, actor *Actor, id int64) (*Crawl, error) {
	return one(s.Crawls(ctx, actor, id))(TypeCrawl)
}

// Crawls returns those of the given crawls that the actor may see, in no order.
func (s *Service) Crawls(ctx context.Context, actor *Actor, ids ...int64) ([]*Crawl, error) {
	return s.store.Crawls(ctx, actor.Scope(RoleViewer), ids...)
}
