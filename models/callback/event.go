package callback

import (
	"maps"
	"slices"
)

// EventName is what a callback is about.
type EventName string

// Events. Adding one is adding a value here and its row in the events table; who raises it renders it.
const (
	CrawlFinishedEvent           EventName = "CRAWL_FINISHED"
	ReportDownloadGeneratedEvent EventName = "REPORT_DOWNLOAD_GENERATED"
	// RunBatchFinishedEvent is about one page of one input of a run.
	RunBatchFinishedEvent EventName = "RUN_BATCH_FINISHED"
	// RunFinishedEvent is the last callback of a run.
	RunFinishedEvent EventName = "RUN_FINISHED"
	// RunResultEvent is the bare result of a request that asked for nothing else.
	RunResultEvent  EventName = "RUN_RESULT"
	JobUpdatedEvent EventName = "JOB_UPDATED"
	// CallbackFailedEvent is the notice to the SSO partner, of one failure.
	CallbackFailedEvent EventName = "CALLBACK_FAILED"
	// CallbackRecoveredEvent is the notice to the SSO partner that one has arrived of whose failure there was a notice.
	CallbackRecoveredEvent EventName = "CALLBACK_RECOVERED"
	// CallbacksFailedEvent is the notice of all failures of a project within a while.
	CallbacksFailedEvent EventName = "CALLBACKS_FAILED"
	// TestEvent tells of nothing: somebody tries a receiver.
	TestEvent EventName = "TEST"
)

// TargetKind says where a callback's URL and headers come from.
type TargetKind string

// Kinds of targets. All but TargetRequest are resolved anew at each attempt.
const (
	TargetConfigured TargetKind = "CONFIGURED" // project over account
	TargetRequest    TargetKind = "REQUEST"    // given with the request itself, fixed
	TargetSSOClient  TargetKind = "SSO_CLIENT" // the partner's webhook
)

// event is the rules of one kind of callback. The delivery path asks them and never compares names.
type event struct {
	contentType string
	// target is where it goes, unless the request that set the work going had a URL of its own.
	target TargetKind
	// succeeds reports whether the receiver's status means that the callback arrived; nil: as callbacks with a body of
	// that content type do.
	succeeds func(status int) bool
	// newestCounts: of a line, one that has failed gives way to that of a newer source.
	newestCounts bool
	// notifiesPartner: a failure is notified to the SSO client's webhook.
	notifiesPartner bool
	// test: it is sent once, whatever comes of it, and in lanes of its own.
	test bool
}

// ContentTypeJSON is of payloads, and of calls of executors.
const ContentTypeJSON = "application/json"

const contentTypeForm = "application/x-www-form-urlencoded"

var events = map[EventName]event{
	CrawlFinishedEvent: {
		contentType: contentTypeForm, target: TargetConfigured, succeeds: upTo204, notifiesPartner: true,
	},
	ReportDownloadGeneratedEvent: {
		contentType: contentTypeForm, target: TargetConfigured, succeeds: upTo204, notifiesPartner: true,
	},
	RunBatchFinishedEvent: {
		contentType: ContentTypeJSON, target: TargetConfigured, succeeds: any2xx, notifiesPartner: true,
	},
	RunFinishedEvent: {
		contentType: ContentTypeJSON, target: TargetConfigured, succeeds: any2xx, notifiesPartner: true,
	},
	RunResultEvent: {
		contentType: ContentTypeJSON, target: TargetConfigured, succeeds: any2xx, notifiesPartner: true,
		newestCounts: true,
	},
	JobUpdatedEvent: {
		contentType: ContentTypeJSON, target: TargetConfigured, succeeds: any2xx, notifiesPartner: true,
	},
	CallbackFailedEvent: {
		contentType: ContentTypeJSON, target: TargetSSOClient, succeeds: any2xx,
	},
	CallbackRecoveredEvent: {
		contentType: ContentTypeJSON, target: TargetSSOClient, succeeds: any2xx,
	},
	CallbacksFailedEvent: {
		contentType: ContentTypeJSON, target: TargetSSOClient, succeeds: any2xx,
	},
	TestEvent: {contentType: contentTypeForm, target: TargetConfigured, test: true},
}

func (c *Callback) rules() event {
	rules := events[c.Event]
	if rules.succeeds == nil {
		rules.succeeds = any2xx
		if c.ContentType == contentTypeForm {
			rules.succeeds = upTo204
		}
	}
	return rules
}

// EventNames returns all events.
func EventNames() []EventName { return slices.Sorted(maps.Keys(events)) }

// upTo204 is the rule of the form-encoded callbacks: exactly 200, 201, 202, 203 and 204.
func upTo204(status int) bool { return slices.Contains([]int{200, 201, 202, 203, 204}, status) }

func any2xx(status int) bool { return status >= 200 && status <= 299 }
