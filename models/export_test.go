package models

// What the tests of the rules reach past the use-cases.
var (
	CrawlFinishedBody  = crawlFinishedBody
	ReportDownloadBody = reportDownloadBody
	CallbackFailedBody = callbackFailedBody
	RetryAfter         = retryAfter
	Redact             = redact
)

// Secrets returns what a delivery is signed with.
func (d *Delivery) Secrets() []*SigningSecret { return d.secrets }
