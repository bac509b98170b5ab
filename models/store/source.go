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
	table    string
	row      any    // of the table
	creator  bool   // its own created_by_user_id says who; else another kind's does
	ended    string // since when PurgeSources may delete it; empty: its own port does
	keptBy   string // beside callbacks, what points at it and keeps it; empty: nothing
}

// callbackSources are all of them. Who created a part was asked after who created the whole.
var callbackSources = []callbackSource{
	{
		typeName: models.TypeCrawl, column: "crawl_id", field: func(c *sourceColumns) **int64 { return &c.CrawlID },
		table: "crawls", row: &crawlRow{}, creator: true,
		ended: "finished_at", keptBy: "SELECT 1 FROM report_downloads WHERE report_downloads.crawl_id = crawls.id",
	},
	{
		typeName: models.TypeReportDownload, part: true, column: "report_download_id",
		field: func(c *sourceColumns) **int64 { return &c.ReportDownloadID },
		table: "report_downloads", row: &reportDownloadRow{}, creator: true, ended: "finished_at",
	},
	{
		typeName: models.TypeRun, column: "run_id", field: func(c *sourceColumns) **int64 { return &c.RunID },
		table: "runs", row: &runRow{}, creator: true,
	},
	{
		typeName: run.TypeBatch, part: true, column: "batch_id", field: func(c *sourceColumns) **int64 { return &c.BatchID },
		table: "batches", row: &batchRow{},
	},
	{
		typeName: models.TypeJob, column: "job_id", field: func(c *sourceColumns) **int64 { return &c.JobID },
		table: "jobs", row: &jobRow{}, creator: true, ended: "completed_at",
	},
}

// free is the condition of rows that nothing points at.
func (s callbackSource) free() string {
	free := "NOT EXISTS (SELECT 1 FROM callbacks WHERE callbacks." + s.column + " = " + s.table + ".id)"
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
func newSources(rows []callbackRow) []column {
	columns := make([]column, len(callbackSources))
	for i, kind := range callbackSources {
		columns[i] = columnOf(kind.column, "bigint", rows, func(r callbackRow) *int64 { return *kind.field(&r.Source) })
	}
	return columns
}

// sourceNames is the list of the columns, and creatorOfSource who created what a callback tells of, as its own row
// says. The release before writes callbacks without a creator, and so did those before it.
var sourceNames, creatorOfSource = func() (string, string) {
	var names, creators []string
	for _, kind := range callbackSources {
		names = append(names, kind.column)
		if kind.creator {
			creators = append(
				creators, "(SELECT created_by_user_id FROM "+kind.table+" WHERE "+kind.table+".id = callbacks."+kind.column+")",
			)
		}
	}
	return strings.Join(names, ", "), "COALESCE(callbacks.created_by_user_id, " + strings.Join(creators, ", ") + ")"
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
