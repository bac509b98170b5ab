package crawl

// What the tests reach past the use-cases.
var (
	FinishedBody       = finishedBody
	ReportDownloadBody = reportDownloadBody
)
