package models

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

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
// callback and sends nothing more; a call that contradicts an earlier one is a CONFLICT. Calls at the same time share a
// transaction, and what is wrong with one does not touch the others. Platform only.
func (s *Service) FinishCrawl(ctx context.Context, actor *Actor, in CrawlEnd) (*Crawl, *Callback, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, nil, err
	}
	if !slices.Contains([]CrawlStatus{CrawlFinished, CrawlFailed, CrawlCancelled}, in.Status) {
		return nil, nil, invalid("status", "must be Finished, Failed or Cancelled")
	}
	ended, err := s.crawlEnds.do(ctx, in)
	if failed := (sharedError{}); errors.As(err, &failed) || ended.overtaken {
		ended, err = s.finishCrawlAlone(ctx, in)
	}
	if err != nil {
		return nil, nil, err
	}
	return ended.crawl, ended.callback, ended.err
}

// crawlEnded is what came of a CrawlEnd.
type crawlEnded struct {
	crawl    *Crawl
	callback *Callback
	isNew    bool // the callback was raised just now
	waits    bool // it is to be claimed
	err      error
	// overtaken: another transaction made the crawl before this one could, and nothing is done.
	overtaken bool
}

// finishCrawlAlone finishes a crawl in a transaction of its own. Who is overtaken finds the crawl the next time, for crawls stay.
func (s *Service) finishCrawlAlone(ctx context.Context, in CrawlEnd) (crawlEnded, error) {
	for {
		ended, err := s.finishCrawls(ctx, []CrawlEnd{in})
		if err != nil {
			return crawlEnded{}, err
		}
		if !ended[0].overtaken {
			s.wakeFinished(ctx, ended)
			return ended[0], nil
		}
	}
}

// finishCrawls finishes crawls in one transaction, as if one after the other.
func (s *Service) finishCrawls(ctx context.Context, in []CrawlEnd) ([]crawlEnded, error) {
	var ended []crawlEnded
	direct := s.newDirectStarts()
	defer direct.giveBack(ctx)
	err := s.store.InTx(ctx, func(tx Store) error {
		known, err := readCrawlsToFinish(ctx, tx, in)
		if err != nil {
			return err
		}
		ended = make([]crawlEnded, len(in))
		for i := range in {
			ended[i] = s.finishCrawl(ctx, tx, known, in[i])
		}
		overtaken, raised, err := known.write(ctx, tx)
		if err != nil {
			return err
		}
		waiting, err := direct.create(ctx, tx, known.owners, s.now(), raised)
		for i := range in {
			if slices.Contains(overtaken, in[i].CrawlID) {
				ended[i] = crawlEnded{overtaken: true}
			}
			ended[i].waits = ended[i].isNew && slices.Contains(waiting, ended[i].callback)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	direct.start(ctx)
	return ended, nil
}

func (s *Service) wakeFinished(ctx context.Context, ended []crawlEnded) {
	var waiting []*Callback
	for _, e := range ended {
		if e.waits {
			waiting = append(waiting, e.callback)
		}
	}
	s.wake(ctx, waiting...)
}

// finishCrawl decides what comes of one end, after those before it.
func (s *Service) finishCrawl(ctx context.Context, tx Store, known *crawlsToFinish, in CrawlEnd) crawlEnded {
	crawl, err := known.crawl(in, s.now())
	if err != nil {
		return crawlEnded{err: err}
	}
	if err := crawl.contradicts(in); err != nil {
		return crawlEnded{err: err}
	}
	if crawl.FinishedAt != nil {
		return crawlEnded{crawl: crawl, callback: known.callbacks[crawlFinishedKey(crawl.ID)]}
	}
	crawl.finish(in, s.now())
	var callback *Callback
	if crawl.Status == CrawlFinished && crawl.Kind == CrawlStandard {
		callback, err = s.compose(ctx, tx, occasion{
			event: CrawlFinishedEvent, dedupKey: crawlFinishedKey(crawl.ID), projectID: crawl.ProjectID, subject: Subject{Crawl: crawl},
		}, known.parties)
		if err != nil {
			return crawlEnded{err: err}
		}
	}
	known.finished(crawl, callback)
	return crawlEnded{crawl: crawl, callback: callback, isNew: callback != nil}
}

// crawlsToFinish is what a transaction that finishes crawls knows, and what it has to write.
type crawlsToFinish struct {
	parties
	locked    map[int64]*Crawl
	ended     map[int64]*Crawl     // those of this transaction
	callbacks map[string]*Callback // of crawls that have ended, by dedup key

	raised []*Callback
}

// readCrawlsToFinish locks the crawls, and reads for all of them at once what the rules ask for.
func readCrawlsToFinish(ctx context.Context, tx Store, in []CrawlEnd) (*crawlsToFinish, error) {
	k := &crawlsToFinish{locked: map[int64]*Crawl{}, ended: map[int64]*Crawl{}, callbacks: map[string]*Callback{}}
	var crawlIDs, projectIDs, userIDs []*int64
	for i := range in {
		crawlIDs, projectIDs, userIDs = append(crawlIDs, &in[i].CrawlID), append(projectIDs, in[i].ProjectID), append(userIDs, in[i].CreatedByUserID)
	}
	locked, err := tx.LockCrawls(ctx, distinct(crawlIDs)...)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, c := range locked {
		k.locked[c.ID] = c
		projectIDs, userIDs = append(projectIDs, &c.ProjectID), append(userIDs, c.CreatedByUserID)
		if c.FinishedAt != nil {
			keys = append(keys, crawlFinishedKey(c.ID))
		}
	}
	if len(keys) > 0 {
		found, err := tx.CallbacksByDedupKey(ctx, keys...)
		if err != nil {
			return nil, err
		}
		for _, c := range found {
			k.callbacks[c.DedupKey] = c
		}
	}
	k.parties, err = readParties(ctx, tx, projectIDs, userIDs)
	return k, err
}

// crawl returns the crawl of an input as it is now: a copy, or a new one where it is not known here.
func (k *crawlsToFinish) crawl(in CrawlEnd, at time.Time) (*Crawl, error) {
	if in.CreatedByUserID != nil {
		if _, err := k.user(*in.CreatedByUserID); err != nil {
			return nil, err
		}
	}
	if ended, ok := k.ended[in.CrawlID]; ok {
		return ended, nil
	}
	if locked, ok := k.locked[in.CrawlID]; ok {
		crawl := *locked
		return &crawl, nil
	}
	if in.ProjectID == nil {
		return nil, invalid("projectId", "must be given when the crawl is new here")
	}
	owners, err := k.owner(*in.ProjectID)
	if err != nil {
		return nil, err
	}
	if owners.Project.DeletedAt != nil {
		return nil, NotFound(TypeProject)
	}
	return &Crawl{ID: in.CrawlID, AccountID: owners.Account.ID, ProjectID: owners.Project.ID, CreatedAt: at}, nil
}

// finished keeps what is to be written of a crawl.
func (k *crawlsToFinish) finished(crawl *Crawl, raised *Callback) {
	k.ended[crawl.ID] = crawl
	if raised != nil {
		k.callbacks[raised.DedupKey] = raised
		k.raised = append(k.raised, raised)
	}
}

// write writes the crawls, but for those whose ids it returns: another transaction made them meanwhile. It also returns the callbacks
// of the others.
func (k *crawlsToFinish) write(ctx context.Context, tx Store) (overtaken []int64, raised []*Callback, err error) {
	var created, updated []*Crawl
	for _, id := range slices.Sorted(maps.Keys(k.ended)) {
		if k.locked[id] == nil {
			created = append(created, k.ended[id])
		} else {
			updated = append(updated, k.ended[id])
		}
	}
	if len(created) > 0 {
		if overtaken, err = tx.CreateCrawls(ctx, created); err != nil {
			return nil, nil, err
		}
	}
	if len(updated) > 0 {
		if err := tx.UpdateCrawls(ctx, updated); err != nil {
			return nil, nil, err
		}
	}
	raised = slices.DeleteFunc(k.raised, func(c *Callback) bool { return slices.Contains(overtaken, *c.CrawlID) })
	return overtaken, raised, nil
}

func (c *Crawl) finish(in CrawlEnd, at time.Time) {
	c.Kind, c.Status, c.FinishedAt = in.Kind, in.Status, &at
	if in.CreatedByUserID != nil {
		c.CreatedByUserID = in.CreatedByUserID
	}
}

// contradicts compares an end with what is known of the crawl, and of how it ended if it has.
func (c *Crawl) contradicts(in CrawlEnd) error {
	switch {
	case in.ProjectID != nil && *in.ProjectID != c.ProjectID:
		return Conflict("projectId", "crawl %d belongs to project %d", c.ID, c.ProjectID)
	case c.FinishedAt == nil:
		return nil
	case c.Status != in.Status:
		return Conflict("status", "crawl %d has ended already, as %s", c.ID, c.Status)
	case c.Kind != in.Kind:
		return Conflict("kind", "crawl %d has ended already, as a %s", c.ID, c.Kind)
	}
	return nil
}

func crawlFinishedKey(crawlID int64) string { return "crawl-finished:" + rawIDText(crawlID) }
