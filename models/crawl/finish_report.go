package crawl

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
)

// ReportDownloadEnd is the input of FinishReportDownload. CrawlID and ReportTemplateCode are needed when the
// report download is new here.
type ReportDownloadEnd struct {
	ReportDownloadID   int64
	CrawlID            *int64
	ReportTemplateCode *string
	ReportTypeCode     *ReportTypeCode // default Basic
	SegmentID          *int64
	CreatedByUserID    *int64
	FileURL            string
}

// Generated is a report download that was generated, with its callback: see FinishReportDownload.
type Generated struct {
	ReportDownload *ReportDownload
	Callback       *callback.Callback
}

// FinishReportDownload records that a report download was generated and, in the same transaction, its callback: nil
// when there is nowhere to call back to. The same call again returns the same entity and callback and sends nothing
// more; a newly signed FileURL does not change the first one. A call that contradicts an earlier one is a CONFLICT.
// Platform only.
func (s *Service) FinishReportDownload(
	ctx context.Context, actor *models.Actor, in ReportDownloadEnd,
) (*ReportDownload, *callback.Callback, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, nil, err
	}
	if wrong := cmp.Or(in.check(), models.Refusal(ctx)); wrong != nil {
		return nil, nil, s.refuseReportDownload(ctx, in, wrong)
	}
	done, err := s.finishReportDownloads(ctx, []ReportDownloadEnd{in})
	if err != nil {
		return nil, nil, err
	}
	return done[0].Out.ReportDownload, done[0].Out.Callback, done[0].Err
}

// refuseReportDownload is refuseCrawl of a report download.
func (s *Service) refuseReportDownload(ctx context.Context, in ReportDownloadEnd, wrong error) error {
	return s.refused(ctx, wrong, func(ctx context.Context, tx Store) error {
		known := newReportsToFinish(s.engine.Now())
		if err := known.read(ctx, tx, []ReportDownloadEnd{in}); err != nil {
			return err
		}
		done, err := s.finishReportDownload(ctx, tx, known, in)
		return cmp.Or(err, done.Err)
	})
}

// FinishReportDownloads does what FinishReportDownload does for many, in one transaction, as if one after the other.
// Those that are wrong change nothing. BAD_USER_INPUT where all of them together would store more than
// models.MaxStoredBytes: a FileURL is in the row and in the callback. Platform only.
func (s *Service) FinishReportDownloads(
	ctx context.Context, actor *models.Actor, reportDownloads []models.Entry[ReportDownloadEnd],
) ([]models.Outcome[Generated], error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, err
	}
	urls := 0
	for _, e := range reportDownloads {
		urls += 2 * len(e.In.FileURL)
	}
	if err := models.CheckStored(models.StoredText{Field: "reportDownloads", Bytes: urls}); err != nil {
		return nil, err
	}
	return models.EachEntry("reportDownloads", reportDownloads, ReportDownloadEnd.check,
		func(in []ReportDownloadEnd) ([]models.Outcome[Generated], error) {
			return s.finishReportDownloads(ctx, in)
		})
}

func (in ReportDownloadEnd) check() error {
	var template error
	if in.ReportTemplateCode != nil {
		template = checkTemplate(*in.ReportTemplateCode)
	}
	return models.AllProblems(models.CheckID("reportDownloadId", in.ReportDownloadID), template,
		models.CheckHTTPURL("fileUrl", in.FileURL, models.MaxFileURLBytes))
}

func (s *Service) finishReportDownloads(
	ctx context.Context, in []ReportDownloadEnd,
) ([]models.Outcome[Generated], error) {
	done := make([]models.Outcome[Generated], len(in))
	direct := s.engine.NewDirectStarts(0)
	defer direct.Return()
	var waiting []*callback.Callback
	err := s.inTx(ctx, func(tx Store) (err error) {
		known := newReportsToFinish(s.engine.Now())
		if err := known.read(ctx, tx, in); err != nil {
			return err
		}
		for i := range in {
			if done[i], err = s.finishReportDownload(ctx, tx, known, in[i]); err != nil {
				return err
			}
		}
		if err := known.write(ctx, tx); err != nil {
			return err
		}
		waiting, err = direct.Create(ctx, tx, known.Parties, known.raised)
		return err
	})
	if err != nil {
		return nil, err
	}
	direct.Start(ctx)
	s.engine.Wake(ctx, waiting...)
	return done, nil
}

// finishReportDownload decides what comes of one end, after those before it. Its error says that none may be written.
func (s *Service) finishReportDownload(
	ctx context.Context, tx Store, known *reportsToFinish, in ReportDownloadEnd,
) (models.Outcome[Generated], error) {
	report, err := known.report(in)
	if err == nil {
		err = report.contradicts(in)
	}
	if err != nil {
		return models.Outcome[Generated]{Err: err}, nil
	}
	if report.FinishedAt == nil {
		report.finish(in, known.at)
		o := generatedOccasion(known.crawls[report.CrawlID], report)
		raised, err := s.engine.Compose(ctx, tx, o, known.Parties)
		if err != nil {
			return models.Outcome[Generated]{}, err
		}
		known.finished(report.ID, report, raised)
	}
	return models.Outcome[Generated]{Out: Generated{report, known.callbacks[generatedKey(report.ID)]}}, nil
}

// generatedOccasion is that of the callback of a report download that was generated.
func generatedOccasion(crawl *Crawl, report *ReportDownload) callback.Occasion {
	return callback.Occasion{
		Event: callback.ReportDownloadGeneratedEvent, DedupKey: generatedKey(report.ID), ProjectID: crawl.ProjectID,
		Source:    callback.Source{Of: crawl.ObjectID(), Part: report.ObjectID()},
		CreatorID: cmp.Or(crawl.CreatedByUserID, report.CreatedByUserID),
		Render:    func(e callback.Envelope) ([]byte, error) { return reportDownloadBody(e, crawl, report) },
	}
}

func generatedKey(reportDownloadID int64) string {
	return "report-download-generated:" + models.RawIDText(reportDownloadID)
}

// reportsToFinish are the report downloads that a transaction ends: all that there are of them are locked.
type reportsToFinish struct {
	ending[ReportDownload]
	crawls  map[int64]*Crawl
	created map[int64]*ReportDownload // by this transaction, and not named yet by an input that may
}

func newReportsToFinish(at time.Time) *reportsToFinish {
	return &reportsToFinish{newEnding[ReportDownload](at), map[int64]*Crawl{}, map[int64]*ReportDownload{}}
}

// read reads for all report downloads at once what the rules ask for. Those that can be new here are created first, as
// crawls are (crawlsToFinish.read), and then all are locked.
func (k *reportsToFinish) read(ctx context.Context, tx Store, in []ReportDownloadEnd) error {
	var ids, crawlIDs, userIDs []*int64
	for i := range in {
		ids = append(ids, &in[i].ReportDownloadID)
		crawlIDs, userIDs = append(crawlIDs, in[i].CrawlID), append(userIDs, in[i].CreatedByUserID)
	}
	if err := k.readCrawls(ctx, tx, crawlIDs); err != nil {
		return err
	}
	if err := k.Read(ctx, tx, nil, userIDs); err != nil {
		return err
	}
	for _, end := range in {
		if report, err := k.newReport(end); err == nil && k.created[report.ID] == nil {
			k.created[report.ID] = report
		}
	}
	for _, id := range slices.Sorted(maps.Keys(k.created)) {
		isNew, err := tx.CreateReportDownload(ctx, k.created[id])
		if err != nil {
			return err
		}
		if !isNew {
			delete(k.created, id)
		}
	}
	locked, err := tx.LockReportDownloads(ctx, models.Distinct(ids)...)
	if err != nil {
		return err
	}
	return k.readLocked(ctx, tx, locked)
}

func (k *reportsToFinish) readCrawls(ctx context.Context, tx Store, ids []*int64) error {
	missing := slices.DeleteFunc(models.Distinct(ids), func(id int64) bool { return k.crawls[id] != nil })
	if len(missing) == 0 {
		return nil
	}
	found, err := tx.Crawls(ctx, models.PlatformActor().Scope(models.RoleViewer), missing...)
	for _, c := range found {
		k.crawls[c.ID] = c
	}
	return err
}

// readLocked reads what belongs to the report downloads.
func (k *reportsToFinish) readLocked(ctx context.Context, tx Store, locked []*ReportDownload) error {
	var crawlIDs, projectIDs, userIDs []*int64
	var keys []string
	for _, r := range locked {
		k.locked[r.ID] = r
		crawlIDs, userIDs = append(crawlIDs, &r.CrawlID), append(userIDs, r.CreatedByUserID)
		if r.FinishedAt != nil {
			keys = append(keys, generatedKey(r.ID))
		}
	}
	var err error
	if k.callbacks, err = callback.FindAll(ctx, tx, keys); err != nil {
		return err
	}
	if err := k.readCrawls(ctx, tx, crawlIDs); err != nil {
		return err
	}
	for _, c := range k.crawls {
		projectIDs, userIDs = append(projectIDs, &c.ProjectID), append(userIDs, c.CreatedByUserID)
	}
	return k.Read(ctx, tx, projectIDs, userIDs)
}

// report returns the report download of an input as it is now: a copy, unless this transaction has ended it.
func (k *reportsToFinish) report(in ReportDownloadEnd) (*ReportDownload, error) {
	report := k.now(in.ReportDownloadID)
	if report == nil {
		return k.newReport(in)
	}
	if k.created[report.ID] != nil { // by an input that may come after this one
		if _, err := k.newReport(in); err != nil {
			return nil, err
		}
		delete(k.created, report.ID)
	}
	return report, k.checkCreator(in.CreatedByUserID)
}

// newReport returns the report download of an input that is the first to name it.
func (k *reportsToFinish) newReport(in ReportDownloadEnd) (*ReportDownload, error) {
	var crawl *Crawl
	var unknown error
	if in.CrawlID != nil {
		if crawl = k.crawls[*in.CrawlID]; crawl == nil {
			unknown = models.NotFoundAt("crawlId", models.TypeCrawl)
		}
	}
	if err := models.AllProblems(k.checkCreator(in.CreatedByUserID), in.missing(), unknown); err != nil {
		return nil, err
	}
	created := NewReportDownload{
		ReportTemplateCode: *in.ReportTemplateCode, ReportTypeCode: ReportBasic, SegmentID: in.SegmentID,
	}
	if in.ReportTypeCode != nil {
		created.ReportTypeCode = *in.ReportTypeCode
	}
	return newReportDownload(crawl, in.ReportDownloadID, created, k.at)
}

// missing tells all that a report download that is new here needs and has not.
func (in ReportDownloadEnd) missing() error {
	var crawl, template error
	if in.CrawlID == nil {
		crawl = models.Invalid("crawlId", "must be given when the report download is new here")
	}
	if in.ReportTemplateCode == nil {
		template = models.Invalid("reportTemplateCode", "must be given when the report download is new here")
	}
	return models.AllProblems(crawl, template)
}

// write writes the ends.
func (k *reportsToFinish) write(ctx context.Context, tx Store) error {
	for _, id := range slices.Sorted(maps.Keys(k.ended)) {
		if err := tx.UpdateReportDownload(ctx, k.ended[id]); err != nil {
			return err
		}
	}
	return nil
}

func (r *ReportDownload) finish(in ReportDownloadEnd, at time.Time) {
	r.Status, r.FileURL, r.FinishedAt = ReportDownloadGenerated, &in.FileURL, &at
	if in.CreatedByUserID != nil {
		r.CreatedByUserID = in.CreatedByUserID
	}
}

// contradicts compares what is given with what is known; what is left out contradicts nothing.
func (r *ReportDownload) contradicts(in ReportDownloadEnd) error {
	switch {
	case in.CrawlID != nil && *in.CrawlID != r.CrawlID:
		return models.Conflict("crawlId", "report download %d belongs to crawl %d", r.ID, r.CrawlID)
	case in.ReportTemplateCode != nil && *in.ReportTemplateCode != r.ReportTemplateCode,
		in.ReportTypeCode != nil && *in.ReportTypeCode != r.ReportTypeCode,
		in.SegmentID != nil && (r.SegmentID == nil || *in.SegmentID != *r.SegmentID):
		return models.Conflict("reportTemplateCode", "report download %d is of report %s", r.ID, r.ReportID())
	}
	return nil
}
