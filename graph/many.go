package graph

import (
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/tenant"
)

// entries reads what stands each for itself: an id of another type spoils its own entry only. One that is none at all is no
// ObjectID, and the document as a whole is refused for it, as GraphQL has it.
func entries[Input, In any](list []*Input, read func(*ids, Input) In) []models.Entry[In] {
	all := make([]models.Entry[In], len(list))
	for i, input := range list {
		var ids ids
		all[i].In = read(&ids, *input)
		all[i].Err = ids.err
	}
	return all
}

// results says what came of each entry.
func results[Out, Result any](
	outcomes []models.Outcome[Out], err error, result func(Out, []*EntryError) *Result,
) ([]*Result, error) {
	all := make([]*Result, len(outcomes))
	for i, o := range outcomes {
		all[i] = result(o.Out, entryErrors(o.Err))
	}
	return all, err
}

// entryErrors are all domain errors: a call with another one fails as a whole.
func entryErrors(err error) []*EntryError {
	list := []*EntryError{}
	for _, e := range models.ErrorsOf(err) {
		list = append(list, &EntryError{Code: e.Code, Field: e.Field, Message: e.Error()})
	}
	return list
}

func readCrawlEnd(ids *ids, input FinishCrawlInput) crawl.End {
	return crawl.End{
		CrawlID:         ids.read("crawlId", models.TypeCrawl, input.CrawlID),
		ProjectID:       ids.readOptional("projectId", tenant.TypeProject, input.ProjectID),
		CreatedByUserID: ids.readOptional("createdByUserId", tenant.TypeUser, input.CreatedByUserID),
		Kind:            input.Kind, Status: input.Status,
	}
}

func readReportDownloadEnd(ids *ids, input FinishReportDownloadInput) crawl.ReportDownloadEnd {
	return crawl.ReportDownloadEnd{
		ReportDownloadID:   ids.read("reportDownloadId", models.TypeReportDownload, input.ReportDownloadID),
		CrawlID:            ids.readOptional("crawlId", models.TypeCrawl, input.CrawlID),
		SegmentID:          ids.readOptional("segmentId", models.TypeSegment, input.SegmentID),
		CreatedByUserID:    ids.readOptional("createdByUserId", tenant.TypeUser, input.CreatedByUserID),
		ReportTemplateCode: input.ReportTemplateCode.Value(), ReportTypeCode: input.ReportTypeCode.Value(),
		FileURL: input.FileURL,
	}
}

func readJobChange(ids *ids, input UpdateJobInput) job.Change {
	return job.Change{
		JobID: ids.read("jobId", models.TypeJob, input.JobID), State: input.State.Value(), Action: input.Action,
		Output: orNil(input.Output.Value()),
	}
}
