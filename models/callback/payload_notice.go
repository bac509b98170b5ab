package callback

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
)

// News is what a notice is of: an attempt that has failed, or has arrived after others that had.
type News struct {
	Callback  *Callback
	Attempt   *Attempt
	Names     SourceNames
	PublicURL string
}

// SourceNames is what a callback tells of, as notices name it; nil: it tells of no such thing.
type SourceNames struct {
	CrawlID  *int64     `json:"crawlId"`
	ReportID *string    `json:"reportId"`
	RunUID   *uuid.UUID `json:"runUid"`
	JobUUID  *uuid.UUID `json:"jobUuid"`
}

// The eventType of notices of one callback.
const (
	failedType    = "callback-failed"
	recoveredType = "callback-recovered"
)

// notice is the body of a notice of one callback, field by field as partners know it, with ours behind.
type notice struct {
	EventType          string          `json:"eventType"`
	EventData          noticeEventData `json:"eventData"`
	AccountID          int64           `json:"accountId"`
	SSOClientAccountID *string         `json:"ssoClientAccountId"`
}

type noticeEventData struct {
	ProjectID           int64        `json:"projectId"`
	FirstName           *string      `json:"firstName"`
	LastName            *string      `json:"lastName"`
	ProjectName         string       `json:"projectName"`
	ProjectSettingsLink string       `json:"projectSettingsLink"`
	SitePrimary         string       `json:"sitePrimary"`
	Status              *int         `json:"status"` // null where no answer came
	CallbackUID         string       `json:"callbackUid"`
	Event               EventName    `json:"event"`
	Attempt             int          `json:"attempt"`
	WillRetry           bool         `json:"willRetry"`
	NextAttemptAt       *string      `json:"nextAttemptAt"`
	Error               *noticeError `json:"error"`       // null where it has arrived
	CallbackRef         string       `json:"callbackRef"` // the same of a callback and of its replays
	TargetURL           *string      `json:"targetUrl"`   // without its query; null where there was none
	SourceNames
	OccurredAt *string `json:"occurredAt"` // when the attempt ended
	Attempts   int     `json:"attempts"`
}

type noticeError struct {
	Code    AttemptErrorCode `json:"code"`
	Message string           `json:"message"`
}

func noticeBody(e Envelope, n News) ([]byte, error) {
	c, attempt := n.Callback, n.Attempt
	data := noticeEventData{
		ProjectID: e.Project.ID, ProjectName: e.Project.Name, SitePrimary: e.Project.PrimaryDomain,
		ProjectSettingsLink: projectSettingsLink(e, n.PublicURL),
		Status:              attempt.HTTPStatus, CallbackUID: c.UID.String(), Event: c.Event,
		Attempt: attempt.Number, WillRetry: c.Status == StatusPending,
		CallbackRef: c.Ref.String(), TargetURL: models.WithoutQuery(attempt.URL), SourceNames: n.Names,
		OccurredAt: formatTime(attempt.FinishedAt), Attempts: c.AttemptCount,
	}
	eventType := recoveredType
	if attempt.Error != nil {
		eventType, data.Error = failedType, &noticeError{attempt.Error.Code, attempt.Error.Message}
	}
	if data.WillRetry {
		data.NextAttemptAt = formatTime(c.NextAttemptAt)
	}
	if e.Creator != nil {
		data.FirstName, data.LastName = e.Creator.FirstName, e.Creator.LastName
	}
	return json.Marshal(notice{
		EventType: eventType, EventData: data,
		AccountID: e.Account.ID, SSOClientAccountID: e.Account.PartnerAccountID,
	})
}

func formatTime(at *time.Time) *string {
	if at == nil {
		return nil
	}
	return new(models.FormatTime(*at))
}

func projectSettingsLink(e Envelope, publicURL string) string {
	return fmt.Sprintf("%s/accounts/%d/projects/%d/edit?step=4", publicURL, e.Account.ID, e.Project.ID)
}
