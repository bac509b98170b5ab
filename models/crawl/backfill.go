package crawl

import (
	"context"
	"slices"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

const (
	// MaxBackfill is how far back Backfill looks at most. It never looks beyond the retention of callbacks: those that
	// have gone would be made again.
	MaxBackfill = 30 * 24 * time.Hour
	// MaxBackfilled is how many callbacks one Backfill makes at most.
	MaxBackfilled = 10_000
	// longestCrawl is how long before a crawl has ended it may have been created to be found.
	longestCrawl = MaxBackfill
	// One transaction is for so many crawls, or report downloads of so many crawls; and one Backfill looks at so many
	// crawls. A part takes some 50 ms.
	backfillPart = 200
	backfillLook = 100_000
)

// BackfillStore is what has ended of a project, as Backfill needs it.
type BackfillStore interface {
	// CrawlsAfter returns up to limit crawls of a project within a scope, in the order of their creation after a place.
	CrawlsAfter(ctx context.Context, scope models.Scope, projectID int64, after models.Cursor, limit int) ([]*Crawl, error)
	// ReportDownloadsAfter returns up to limit report downloads of crawls that were generated since a time, by id after
	// the given one.
	ReportDownloadsAfter(
		ctx context.Context, crawlIDs []int64, since time.Time, after int64, limit int,
	) ([]*ReportDownload, error)
}

// ToBackfill is the input of Backfill.
type ToBackfill struct {
	ProjectID int64
	Since     time.Time
}

// Backfilled is what came of a Backfill.
type Backfilled struct {
	Created int
	Skipped int  // that have a callback already
	More    bool // the same call again goes on
}

// Backfill makes callbacks for crawls and report downloads of a project that ended since a time and have none, since
// there was no URL then: as they would have been, due now. Each is made once, however often and from however many sides
// it is asked for. Editor and up. CONFLICT where there still is no URL.
func (s *Service) Backfill(ctx context.Context, actor *models.Actor, in ToBackfill) (Backfilled, error) {
	project, err := s.projects.Project(ctx, actor, in.ProjectID)
	if err != nil {
		return Backfilled{}, err
	}
	if err := actor.RequireProjectRole(project.AccountID, project.ID, models.RoleEditor); err != nil {
		return Backfilled{}, err
	}
	if err := s.checkSince(in.Since); err != nil {
		return Backfilled{}, err
	}
	b := &backfill{
		service: s, scope: actor.Scope(models.RoleEditor), ToBackfill: in,
		after: models.Cursor{At: in.Since.Add(-longestCrawl)},
	}
	for looked := 0; looked < backfillLook && b.Created < MaxBackfilled; looked += backfillPart {
		ended, err := b.part(ctx)
		if err != nil || ended {
			return b.Backfilled, err
		}
	}
	b.More = true
	return b.Backfilled, nil
}

func (s *Service) checkSince(since time.Time) error {
	longest := MaxBackfill
	if kept := s.engine.Retention(); kept > 0 {
		longest = min(longest, kept)
	}
	age := s.engine.Now().Sub(since)
	if age < 0 || age > longest {
		return models.Invalid("since", "must be a time within the last %s", models.FormatDuration(longest))
	}
	return nil
}

// backfill is one under way.
type backfill struct {
	Backfilled
	ToBackfill
	service *Service
	scope   models.Scope
	after   models.Cursor // the last crawl that was looked at
}

// part looks at the next crawls and their report downloads, and tells whether they were the last. Each transaction makes
// what it has found to lack a callback, or nothing.
func (b *backfill) part(ctx context.Context) (ended bool, err error) {
	var crawls []*Crawl
	err = b.raise(ctx, func(tx Store) (occasions []callback.Occasion, err error) {
		crawls, err = tx.CrawlsAfter(ctx, b.scope, b.ProjectID, b.after, backfillPart)
		for _, c := range crawls {
			if c.Status == Finished && c.Kind == Standard && !c.FinishedAt.Before(b.Since) {
				occasions = append(occasions, finishedOccasion(c))
			}
		}
		return occasions, err
	})
	if err != nil || len(crawls) == 0 {
		return true, err
	}
	b.after = crawls[len(crawls)-1].ListCursor()
	return len(crawls) < backfillPart, b.reports(ctx, crawls)
}

// reports is part for the report downloads of crawls.
func (b *backfill) reports(ctx context.Context, crawls []*Crawl) error {
	byID, ids := map[int64]*Crawl{}, make([]int64, len(crawls))
	for i, c := range crawls {
		byID[c.ID], ids[i] = c, c.ID
	}
	for after, n := int64(0), backfillPart; n == backfillPart && b.Created < MaxBackfilled; {
		err := b.raise(ctx, func(tx Store) (occasions []callback.Occasion, err error) {
			reports, err := tx.ReportDownloadsAfter(ctx, ids, b.Since, after, backfillPart)
			for _, r := range reports {
				occasions, after = append(occasions, generatedOccasion(byID[r.CrawlID], r)), r.ID
			}
			n = len(reports)
			return occasions, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// raise makes the callbacks that occasions lack, in one transaction. Others that backfill the project wait for it.
func (b *backfill) raise(ctx context.Context, find func(tx Store) ([]callback.Occasion, error)) error {
	var raised []*callback.Callback
	skipped := 0
	err := b.service.inTx(ctx, func(tx Store) error {
		if err := tx.LockKey(ctx, "backfill:"+models.RawIDText(b.ProjectID)); err != nil {
			return err
		}
		occasions, err := find(tx)
		if err != nil || len(occasions) == 0 {
			return err
		}
		keys := make([]string, len(occasions))
		for i, o := range occasions {
			keys[i] = o.DedupKey
		}
		there, err := callback.FindAll(ctx, tx, keys)
		if err != nil {
			return err
		}
		skipped = len(there)
		occasions = slices.DeleteFunc(occasions, func(o callback.Occasion) bool { return there[o.DedupKey] != nil })
		raised, err = b.compose(ctx, tx, occasions)
		if err != nil || len(raised) == 0 {
			return err
		}
		return tx.CreateCallbacks(ctx, raised...)
	})
	if err != nil {
		return err
	}
	b.Created, b.Skipped = b.Created+len(raised), b.Skipped+skipped
	b.service.engine.Wake(ctx, raised...)
	return nil
}

func (b *backfill) compose(
	ctx context.Context, tx Store, occasions []callback.Occasion,
) (raised []*callback.Callback, err error) {
	var creators []*int64
	for _, o := range occasions {
		creators = append(creators, o.CreatorID)
	}
	parties, err := callback.ReadParties(ctx, tx, []*int64{&b.ProjectID}, creators)
	if err != nil {
		return nil, err
	}
	for _, o := range occasions {
		c, err := b.service.engine.Compose(ctx, tx, o, parties)
		if err != nil {
			return nil, err
		}
		if c == nil {
			return nil, models.Conflict("projectId", "there is no URL to call back to")
		}
		raised = append(raised, c)
	}
	return raised, nil
}
