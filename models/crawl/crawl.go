// Package crawl has the crawls of projects and the report downloads of crawls: that one has finished, and that the
// other is generated, is told by a callback.
package crawl

import (
	"context"
	"log/slog"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/combine"
	"github.com/ringback/ringback/models/tenant"
)

// Kind tells a standard crawl from the build of a test suite.
type Kind string

// Kinds of crawls.
const (
	Standard       Kind = "Standard"
	TestSuiteBuild Kind = "TestSuiteBuild"
)

// Status is how far a crawl is.
type Status string

// Statuses of crawls. All but Queued are ends.
const (
	Queued    Status = "Queued"
	Finished  Status = "Finished"
	Failed    Status = "Failed"
	Cancelled Status = "Cancelled"
)

// Crawl is one crawl of a project.
type Crawl struct {
	ID              int64
	AccountID       int64
	ProjectID       int64
	CreatedByUserID *int64
	Kind            Kind
	Status          Status
	CreatedAt       time.Time
	FinishedAt      *time.Time
}

// ObjectID returns the crawl's global id.
func (c *Crawl) ObjectID() models.ObjectID { return models.ObjectID{Type: models.TypeCrawl, Raw: c.ID} }

// RawID returns the crawl's number as text.
func (c *Crawl) RawID() string { return models.RawIDText(c.ID) }

// ListCursor is the crawl's place in a list.
func (c *Crawl) ListCursor() models.Cursor { return models.Cursor{At: c.CreatedAt, ID: c.ID} }

// Owner is of a crawl's callbacks.
const Owner callback.Parent = models.TypeCrawl

// Reader reads crawls and report downloads, within a caller's scope.
type Reader interface {
	Crawls(ctx context.Context, scope models.Scope, ids ...int64) ([]*Crawl, error)
	// CrawlPages returns a page for each of the projects, newest first, in one statement.
	CrawlPages(
		ctx context.Context, scope models.Scope, projectIDs []int64, page models.Page,
	) (map[int64]*models.PageOf[*Crawl], error)
	// CountCrawls counts what CrawlPages lists, up to models.MaxCounted and one more.
	CountCrawls(ctx context.Context, scope models.Scope, projectIDs []int64) (map[int64]int, error)
	ReportDownloads(ctx context.Context, scope models.Scope, ids ...int64) ([]*ReportDownload, error)
}

// Store is what crawls ask of their transactions.
type Store interface {
	callback.StartTx
	BackfillStore

	// Crawls is that of Reader.
	Crawls(ctx context.Context, scope models.Scope, ids ...int64) ([]*Crawl, error)
	// LockCrawls returns those of the given crawls that there are. It locks them in the order of their ids, so that two
	// that lock some of the same crawls wait for each other, and not in a ring.
	LockCrawls(ctx context.Context, ids ...int64) ([]*Crawl, error)
	// CreateCrawl sets the ID.
	CreateCrawl(ctx context.Context, c *Crawl) error
	// CreateCrawls creates crawls under the IDs that they have, in this order, and returns those IDs that are taken, whose
	// crawls it leaves as they are. When another transaction is just taking one, that one's end is waited for.
	CreateCrawls(ctx context.Context, crawls []*Crawl) ([]int64, error)
	// UpdateCrawls writes what can change of crawls that are locked.
	UpdateCrawls(ctx context.Context, crawls []*Crawl) error

	// LockReportDownloads locks them in the order of their ids.
	LockReportDownloads(ctx context.Context, ids ...int64) ([]*ReportDownload, error)
	// CreateReportDownload does with a given ID what CreateCrawl does: it returns false where that is taken.
	CreateReportDownload(ctx context.Context, r *ReportDownload) (bool, error)
	UpdateReportDownload(ctx context.Context, r *ReportDownload) error
}

// EndStore ends crawls that are new here without a transaction.
type EndStore interface {
	callback.ClaimTx
	// AtOnce tells whether there is a use in preparing what CreateEnded takes: false where the database wants a transaction.
	AtOnce(ctx context.Context) bool
	// CreateEnded creates crawls under the IDs that they have, and callbacks as CreateStarted does, all of it in one
	// statement. It returns false where it has written nothing: one was there before, or the database wants a transaction.
	CreateEnded(ctx context.Context, crawls []*Crawl, starts []callback.Start) (bool, error)
}

// Service has the use-cases of crawls. Its methods are safe for concurrent use.
type Service struct {
	engine   *callback.Service
	projects tenant.Queries
	reader   Reader
	inTx     models.InTx[Store]
	fresh    EndStore // nil: what is new goes through inTx too
	ends     *combine.Combiner[End, outcome]
}

// NewService wires crawls to the engine, whose purges delete them too, and to a database.
func NewService(
	engine *callback.Service, projects tenant.Queries, reader Reader, inTx models.InTx[Store], fresh EndStore,
	log *slog.Logger,
) *Service {
	engine.Upkeep.AddPurges(callback.PurgeOf(models.TypeReportDownload), callback.PurgeOf(models.TypeCrawl))
	s := &Service{engine: engine, projects: projects, reader: reader, inTx: inTx, fresh: fresh}
	engine.AddComposers(s.composers()...)
	s.ends = combine.New(combine.Work[End, outcome]{
		Name: "crawl_end", Do: s.finishCrawls, After: s.wakeFinished, Timeout: combine.Timeout, Gather: combine.GatherTime,
		Log:   log,
		Catch: engine.Troubles().Catch,
	})
	return s
}

// RunCrawl queues a crawl of a project, created by the actor. Editor and up.
func (s *Service) RunCrawl(ctx context.Context, actor *models.Actor, projectID int64) (*Crawl, error) {
	project, err := s.projects.Project(ctx, actor, projectID)
	if err != nil {
		return nil, err
	}
	if err := actor.RequireProjectRole(project.AccountID, project.ID, models.RoleEditor); err != nil {
		return nil, err
	}
	crawl := &Crawl{
		AccountID: project.AccountID, ProjectID: project.ID, Kind: Standard, Status: Queued, CreatedAt: s.engine.Now(),
		CreatedByUserID: actor.CreatorID(),
	}
	return crawl, s.inTx(ctx, func(tx Store) error {
		if err := tx.CreateCrawl(ctx, crawl); err != nil {
			return err
		}
		models.Made(ctx, crawl.ID)
		return nil
	})
}

// Crawl returns one crawl that the actor may see.
func (s *Service) Crawl(ctx context.Context, actor *models.Actor, id int64) (*Crawl, error) {
	return models.One(s.Crawls(ctx, actor, id))(models.TypeCrawl)
}

// Crawls returns those of the given crawls that the actor may see, in no order.
func (s *Service) Crawls(ctx context.Context, actor *models.Actor, ids ...int64) ([]*Crawl, error) {
	return s.reader.Crawls(ctx, actor.Scope(models.RoleViewer), ids...)
}

// CrawlPages lists the crawls of each project, newest first.
func (s *Service) CrawlPages(
	ctx context.Context, actor *models.Actor, projectIDs []int64, page models.Page,
) (map[int64]*models.PageOf[*Crawl], error) {
	return s.reader.CrawlPages(ctx, actor.Scope(models.RoleViewer), projectIDs, page)
}

// CountCrawls counts what CrawlPages lists, up to models.MaxCounted and one more.
func (s *Service) CountCrawls(ctx context.Context, actor *models.Actor, projectIDs []int64) (map[int64]int, error) {
	return s.reader.CountCrawls(ctx, actor.Scope(models.RoleViewer), projectIDs)
}
