package crawl

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/combine"
	"github.com/ringback/ringback/models/tenant"
)

// End is the input of FinishCrawl. ProjectID is needed when the crawl is new here.
type End struct {
	CrawlID         int64
	ProjectID       *int64
	CreatedByUserID *int64
	Kind            Kind
	Status          Status
}

// FinishCrawl records that a crawl has ended and, in the same transaction, its callback: nil when the crawl did not
// finish well, is not a standard one, or has nowhere to call back to. The same call again returns the same crawl and
// callback and sends nothing more; a call that contradicts an earlier one is a CONFLICT. Calls at the same time share a
// transaction, and what is wrong with one does not touch the others. Platform only.
func (s *Service) FinishCrawl(ctx context.Context, actor *models.Actor, in End) (*Crawl, *callback.Callback, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, nil, err
	}
	if wrong := cmp.Or(in.check(), models.Refusal(ctx)); wrong != nil {
		return nil, nil, s.refuseCrawl(ctx, in, wrong)
	}
	ended, err := s.ends.Do(ctx, in)
	if errors.As(err, new(combine.SharedError)) {
		ended, err = s.finishCrawlAlone(ctx, in)
	}
	if err != nil {
		return nil, nil, err
	}
	return ended.crawl, ended.callback, ended.err
}

// refuseCrawl tells what is wrong with an end and what else is, and writes nothing.
func (s *Service) refuseCrawl(ctx context.Context, in End, wrong error) error {
	return s.refused(ctx, wrong, func(ctx context.Context, tx Store) error {
		known := newCrawlsToFinish(s.engine.Now())
		if err := known.read(ctx, tx, []End{in}); err != nil {
			return err
		}
		ended, err := s.finishCrawl(ctx, tx, known, in)
		return cmp.Or(err, ended.err)
	})
}

// refused does in a transaction that is undone what is refused: models.Refused.
func (s *Service) refused(ctx context.Context, wrong error, do func(context.Context, Store) error) error {
	_, err := models.Refused(ctx, wrong, func(ctx context.Context) (none struct{}, _ error) {
		return none, s.inTx(ctx, func(tx Store) error { return do(ctx, tx) })
	})
	return err
}

// manyPatience is how long FinishCrawls may wait for room at the worker, where its receiver is quick: that takes a few times
// the 50 ms in which a worker gets through what it has ahead. What the callbacks go by stays well below the second that
// it may be old.
const manyPatience = 200 * time.Millisecond

// Ended is a crawl that has ended, with its callback: see FinishCrawl.
type Ended struct {
	Crawl    *Crawl
	Callback *callback.Callback
}

// FinishCrawls does what FinishCrawl does for many, in one transaction of their own, as if one after the other. Those
// that are wrong change nothing. A call stores some 2 KiB for each, with the longest URL. Platform only.
func (s *Service) FinishCrawls(
	ctx context.Context, actor *models.Actor, crawls []models.Entry[End],
) ([]models.Outcome[Ended], error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, err
	}
	return models.EachEntry("crawls", crawls, End.check, func(in []End) ([]models.Outcome[Ended], error) {
		ended, err := s.finishTogether(ctx, in, manyPatience)
		if err != nil {
			return nil, err
		}
		s.wakeFinished(ctx, ended)
		outcomes := make([]models.Outcome[Ended], len(ended))
		for i, e := range ended {
			outcomes[i] = models.Outcome[Ended]{Out: Ended{Crawl: e.crawl, Callback: e.callback}, Err: e.err}
		}
		return outcomes, nil
	})
}

func (in End) check() error {
	var status error
	if !slices.Contains([]Status{Finished, Failed, Cancelled}, in.Status) {
		status = models.Invalid("status", "must be Finished, Failed or Cancelled")
	}
	return models.AllProblems(models.CheckID("crawlId", in.CrawlID), status)
}

// Gathered counts the ends that wait for the transaction that is under way.
func (s *Service) Gathered() int { return s.ends.Waiting() }

// outcome is what came of an End.
type outcome struct {
	crawl    *Crawl
	callback *callback.Callback
	isNew    bool // the callback was raised just now
	waits    bool // it is to be claimed
	err      error
}

// finishCrawlAlone finishes a crawl in a transaction of its own.
func (s *Service) finishCrawlAlone(ctx context.Context, in End) (outcome, error) {
	ended, err := s.finishCrawls(ctx, []End{in})
	if err != nil {
		return outcome{}, err
	}
	s.wakeFinished(ctx, ended)
	return ended[0], nil
}

// finishCrawls finishes crawls in one transaction, as if one after the other.
func (s *Service) finishCrawls(ctx context.Context, in []End) ([]outcome, error) {
	return s.finishTogether(ctx, in, 0)
}

// finishTogether is finishCrawls, which before it may wait as long as patience for room at the worker.
func (s *Service) finishTogether(ctx context.Context, in []End, patience time.Duration) ([]outcome, error) {
	if s.fresh != nil && s.fresh.AtOnce(ctx) {
		if ended, done, err := s.finishFresh(ctx, in, patience); err != nil || done {
			return ended, err
		}
	}
	ended := make([]outcome, len(in))
	direct := s.engine.NewDirectStarts(0)
	defer direct.Return()
	err := s.inTx(ctx, func(tx Store) (err error) {
		known := newCrawlsToFinish(s.engine.Now())
		if err := known.read(ctx, tx, in); err != nil {
			return err
		}
		for i := range in {
			if ended[i], err = s.finishCrawl(ctx, tx, known, in[i]); err != nil {
				return err
			}
		}
		if err := known.write(ctx, tx); err != nil {
			return err
		}
		waiting, err := direct.Create(ctx, tx, known.Parties, known.raised)
		markWaiting(ended, waiting)
		return err
	})
	if err != nil {
		return nil, err
	}
	direct.Start(ctx)
	return ended, nil
}

// finishFresh finishes crawls all of which are new here and raise callbacks, as most do, with a third of the statements. It
// returns false, and has changed nothing, where one is not.
func (s *Service) finishFresh(
	ctx context.Context, in []End, patience time.Duration,
) (ended []outcome, done bool, err error) {
	ctx = models.WithoutAnswer(ctx) // as it may not wait for room, having written
	direct := s.engine.NewDirectStarts(patience)
	defer direct.Return()
	known := newCrawlsToFinish(s.engine.Now())
	if err := known.readParties(ctx, s.fresh, in); err != nil {
		return nil, false, err
	}
	crawls, others := known.fresh(in)
	if len(others) > 0 {
		return nil, false, nil
	}
	ended = make([]outcome, len(in))
	for i := range in {
		if ended[i], err = s.finishCrawl(ctx, s.fresh, known, in[i]); err != nil {
			return nil, false, err
		}
	}
	starts, err := direct.Claim(ctx, s.fresh, known.Parties, known.raised)
	if err != nil {
		return nil, false, err
	}
	if done, err = s.fresh.CreateEnded(ctx, crawls, starts); err != nil || !done {
		return nil, false, err
	}
	markWaiting(ended, direct.Created())
	direct.Start(ctx)
	return ended, true, nil
}

// markWaiting marks those whose callbacks are to be claimed.
func markWaiting(ended []outcome, waiting []*callback.Callback) {
	for i := range ended {
		ended[i].waits = ended[i].isNew && slices.Contains(waiting, ended[i].callback)
	}
}

func (s *Service) wakeFinished(ctx context.Context, ended []outcome) {
	var waiting []*callback.Callback
	for _, e := range ended {
		if e.waits {
			waiting = append(waiting, e.callback)
		}
	}
	s.engine.Wake(ctx, waiting...)
}

// finishCrawl decides what comes of one end, after those before it. Its error says that none may be written.
func (s *Service) finishCrawl(ctx context.Context, tx callback.PartiesTx, known *crawlsToFinish, in End) (outcome, error) {
	crawl, err := known.crawl(in)
	if err != nil {
		return outcome{err: err}, nil
	}
	if crawl.FinishedAt != nil {
		return outcome{crawl: crawl, callback: known.callbacks[finishedKey(crawl.ID)]}, nil
	}
	crawl.finish(in, known.at)
	var raised *callback.Callback
	if crawl.Status == Finished && crawl.Kind == Standard {
		raised, err = s.engine.Compose(ctx, tx, finishedOccasion(crawl), known.Parties)
		if err != nil {
			return outcome{}, err
		}
	}
	known.finished(crawl.ID, crawl, raised)
	return outcome{crawl: crawl, callback: raised, isNew: raised != nil}, nil
}

// crawlsToFinish are the crawls that a transaction ends.
type crawlsToFinish struct{ ending[Crawl] }

func newCrawlsToFinish(at time.Time) *crawlsToFinish { return &crawlsToFinish{newEnding[Crawl](at)} }

// read reads for all crawls at once what the rules ask for. Crawls that are new here are created, as the first that can
// says that they ended: a crawl is new if nobody else has created it, which only the database can tell. The others are
// locked.
func (k *crawlsToFinish) read(ctx context.Context, tx Store, in []End) error {
	if err := k.readParties(ctx, tx, in); err != nil {
		return err
	}
	known, err := k.create(ctx, tx, in)
	if err != nil || len(known) == 0 {
		return err
	}
	locked, err := tx.LockCrawls(ctx, known...)
	if err != nil {
		return err
	}
	return k.readLocked(ctx, tx, locked)
}

// readParties reads whom the inputs name.
func (k *crawlsToFinish) readParties(ctx context.Context, tx callback.PartiesTx, in []End) error {
	var projectIDs, userIDs []*int64
	for i := range in {
		projectIDs, userIDs = append(projectIDs, in[i].ProjectID), append(userIDs, in[i].CreatedByUserID)
	}
	return k.Read(ctx, tx, projectIDs, userIDs)
}

// create creates the crawls that can be new, and returns the ids of the others.
func (k *crawlsToFinish) create(ctx context.Context, tx Store, in []End) ([]int64, error) {
	crawls, known := k.fresh(in)
	if len(crawls) == 0 {
		return known, nil
	}
	taken, err := tx.CreateCrawls(ctx, crawls)
	return append(known, taken...), err
}

// fresh returns the crawls that can be new, as they end, and the ids of the others.
func (k *crawlsToFinish) fresh(in []End) (crawls []*Crawl, known []int64) {
	created := map[int64]*Crawl{}
	var ids []*int64
	for i, end := range in {
		ids = append(ids, &in[i].CrawlID)
		if created[end.CrawlID] == nil {
			if crawl, err := k.newCrawl(end); err == nil {
				crawl.finish(end, k.at)
				created[end.CrawlID] = crawl
			}
		}
	}
	for _, id := range models.Distinct(ids) { // in this order, so that two who create the same wait for each other
		if created[id] == nil {
			known = append(known, id)
		} else {
			crawls = append(crawls, created[id])
		}
	}
	return crawls, known
}

// readLocked reads what belongs to crawls that were there before.
func (k *crawlsToFinish) readLocked(ctx context.Context, tx Store, locked []*Crawl) error {
	var projectIDs, userIDs []*int64
	var keys []string
	for _, c := range locked {
		k.locked[c.ID] = c
		projectIDs, userIDs = append(projectIDs, &c.ProjectID), append(userIDs, c.CreatedByUserID)
		if c.FinishedAt != nil {
			keys = append(keys, finishedKey(c.ID))
		}
	}
	var err error
	if k.callbacks, err = callback.FindAll(ctx, tx, keys); err != nil {
		return err
	}
	return k.Read(ctx, tx, projectIDs, userIDs)
}

// crawl returns the crawl of an input as it is now: a copy, or a new one where it was not known here.
func (k *crawlsToFinish) crawl(in End) (*Crawl, error) {
	if crawl := k.now(in.CrawlID); crawl != nil {
		return crawl, models.AllProblems(k.checkCreator(in.CreatedByUserID), crawl.contradicts(in))
	}
	return k.newCrawl(in)
}

// newCrawl returns the crawl of an input that is the first to name it.
func (k *crawlsToFinish) newCrawl(in End) (*Crawl, error) {
	creator := k.checkCreator(in.CreatedByUserID)
	if in.ProjectID == nil {
		return nil, models.AllProblems(creator, models.Invalid("projectId", "must be given when the crawl is new here"))
	}
	owners, err := k.Owner(*in.ProjectID)
	if err != nil || owners.Project.DeletedAt != nil {
		err = models.NotFoundAt("projectId", tenant.TypeProject)
	}
	if err := models.AllProblems(creator, err); err != nil {
		return nil, err
	}
	return &Crawl{ID: in.CrawlID, AccountID: owners.Account.ID, ProjectID: owners.Project.ID, CreatedAt: k.at}, nil
}

// write writes the ends of the crawls that were there before.
func (k *crawlsToFinish) write(ctx context.Context, tx Store) error {
	var updated []*Crawl
	for _, id := range slices.Sorted(maps.Keys(k.ended)) {
		if k.locked[id] != nil {
			updated = append(updated, k.ended[id])
		}
	}
	if len(updated) == 0 {
		return nil
	}
	return tx.UpdateCrawls(ctx, updated)
}

func (c *Crawl) finish(in End, at time.Time) {
	c.Kind, c.Status, c.FinishedAt = in.Kind, in.Status, &at
	if in.CreatedByUserID != nil {
		c.CreatedByUserID = in.CreatedByUserID
	}
}

// contradicts compares an end with what is known of the crawl, and of how it ended if it has.
func (c *Crawl) contradicts(in End) error {
	switch {
	case in.ProjectID != nil && *in.ProjectID != c.ProjectID:
		return models.Conflict("projectId", "crawl %d belongs to project %d", c.ID, c.ProjectID)
	case c.FinishedAt == nil:
		return nil
	case c.Status != in.Status:
		return models.Conflict("status", "crawl %d has ended already, as %s", c.ID, c.Status)
	case c.Kind != in.Kind:
		return models.Conflict("kind", "crawl %d has ended already, with the kind %s", c.ID, c.Kind)
	}
	return nil
}

// finishedOccasion is that of the callback of a crawl that has finished.
func finishedOccasion(crawl *Crawl) callback.Occasion {
	return callback.Occasion{
		Event: callback.CrawlFinishedEvent, DedupKey: finishedKey(crawl.ID), ProjectID: crawl.ProjectID,
		Source: callback.Source{Of: crawl.ObjectID()}, CreatorID: crawl.CreatedByUserID,
		Render: func(e callback.Envelope) ([]byte, error) { return finishedBody(e, crawl) },
	}
}

func finishedKey(crawlID int64) string { return "crawl-finished:" + models.RawIDText(crawlID) }
