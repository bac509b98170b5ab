package store

import (
	"strings"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/run"
)

// sourceColumns are the columns of callbacks that name what they tell of. The release before reads and writes each of
// them.
type sourceColumns struct {
	CrawlID          *int64
	ReportDownloadID *int64
	RunID            *int64
	BatchID          *int64
	JobID            *int64
}

// callbackSource is one kind of what callbacks tell of.
type callbackSource struct {
	typeName string
	part     bool // of another kind, and not listed by
	column   string
	field    func(*sourceColumns) **int64
	row      interface{ TableName() string }
	named    string // the column of callback.SourceNames, and what is in it
	creator  bool   // its own created_by_user_id says who; else another kind's does
	ended    string // since when PurgeSources may delete it; empty: its own port does
	keptBy   string // beside callbacks, what points at it and keeps it; empty: nothing
}

// callbackSources are all of them. Who created a part was asked after who created the whole.
var callbackSources = []callbackSource{
	{
		typeName: models.TypeCrawl, column: "crawl_id", field: func(c *sourceColumns) **int64 { return &c.CrawlID },
		row: &crawlRow{}, creator: true,
		named: "callbacks.crawl_id AS crawl_id",
		ended: "finished_at", keptBy: "SELECT 1 FROM report_downloads WHERE report_downloads.crawl_id = crawls.id",
	},
	{
		typeName: models.TypeReportDownload, part: true, column: "report_download_id",
		field: func(c *sourceColumns) **int64 { return &c.ReportDownloadID },
		row:   &reportDownloadRow{}, creator: true, ended: "finished_at",
		named: "(SELECT crawl_id || ':' || report_template_code || ':' || lower(report_type_code) || COALESCE(':' || segment_id, '') " +
			"FROM report_downloads WHERE report_downloads.id = callbacks.report_download_id) AS report_id",
	},
	{
		typeName: models.TypeRun, column: "run_id", field: func(c *sourceColumns) **int64 { return &c.RunID },
		row: &runRow{}, creator: true,
		named: "(SELECT uid FROM runs WHERE runs.id = callbacks.run_id) AS run_uid",
	},
	{
		typeName: run.TypeBatch, part: true, column: "batch_id", field: func(c *sourceColumns) **int64 { return &c.BatchID },
		row: &batchRow{},
	},
	{
		typeName: models.TypeJob, column: "job_id", field: func(c *sourceColumns) **int64 { return &c.JobID },
		row: &jobRow{}, creator: true, ended: "completed_at",
		named: "(SELECT uuid FROM jobs WHERE jobs.id = callbacks.job_id) AS job_uuid",
	},
}

// free is the condition of rows that nothing points at.
func (s callbackSource) free() string {
	free := "NOT EXISTS (SELECT 1 FROM callbacks WHERE callbacks." + s.column + " = " + s.row.TableName() + ".id)"
	if s.keptBy != "" {
		free += " AND NOT EXISTS (" + s.keptBy + ")"
	}
	return free
}

func (c sourceColumns) source() (s callback.Source) {
	for i := range callbackSources {
		kind := &callbackSources[i]
		id := *kind.field(&c)
		switch {
		case id == nil:
		case kind.part:
			s.Part = models.ObjectID{Type: kind.typeName, Raw: *id}
		default:
			s.Of = models.ObjectID{Type: kind.typeName, Raw: *id}
		}
	}
	return s
}

func sourceColumnsOf(s callback.Source) (c sourceColumns) {
	for i := range callbackSources {
		kind := &callbackSources[i]
		*kind.field(&c) = s.ID(kind.typeName)
	}
	return c
}

// newSources are the columns of new callbacks.
func newSources(rows []*callbackRow) []column {
	columns := make([]column, len(callbackSources))
	for i, kind := range callbackSources {
		columns[i] = columnOf(kind.column, "bigint", rows, func(r *callbackRow) *int64 { return *kind.field(&r.Source) })
	}
	return columns
}

// sourceNames is the list of the columns, namesOfSource what a callback tells of as notices name it, and creatorOfSource
// who created that, as its own row says. The release before writes callbacks without a creator, and so did those before
// it.
var sourceNames, namesOfSource, creatorOfSource = func() (string, string, string) {
	var names, named, creators []string
	for _, kind := range callbackSources {
		names = append(names, kind.column)
		if kind.named != "" {
			named = append(named, kind.named)
		}
		if kind.creator {
			table := kind.row.TableName()
			creators = append(creators, "(SELECT created_by_user_id FROM "+table+" WHERE "+table+".id = callbacks."+kind.column+")")
		}
	}
	return strings.Join(names, ", "), strings.Join(named, ", "),
		"COALESCE(callbacks.created_by_user_id, " + strings.Join(creators, ", ") + ")"
}()

// ofSource names the column of what callbacks of a source are listed by.
func ofSource(typeName string) string {
	for _, kind := range callbackSources {
		if kind.typeName == typeName && !kind.part {
			return kind.column
		}
	}
	return ""
}
