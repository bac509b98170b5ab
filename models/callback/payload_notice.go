package callback

import (
	"encoding/json"
	"fmt"

	"github.com/ringback/ringback/models"
)

// Failure is a failed attempt that a notice is of.
type Failure struct {
	Callback  *Callback
	Attempt   *Attempt
	PublicURL string
}

// notice is the body of a callback-failed notice, field by field as partners know it, with ours behind.
type notice struct {
	EventType          string          `json:"eventType"`
	EventData          noticeEventData `json:"eventData"`
	AccountID          int64           `json:"accountId"`
	SSOClientAccountID *string         `json:"ssoClientAccountId"`
}

type noticeEventData struct {
	ProjectID           int64       `json:"projectId"`
	FirstName           *string     `json:"firstName"`
	LastName            *string     `json:"lastName"`
	ProjectName         string      `json:"projectName"`
	ProjectSettingsLink string      `json:"projectSettingsLink"`
	SitePrimary         string      `json:"sitePrimary"`
	Status              *int        `json:"status"` // null where no answer came
	CallbackUID         string      `json:"callbackUid"`
	Event               EventName   `json:"event"`
	Attempt             int         `json:"attempt"`
	WillRetry           bool        `json:"willRetry"`
	NextAttemptAt       *string     `json:"nextAttemptAt"`
	Error               noticeError `json:"error"`
}

type noticeError struct {
	Code    AttemptErrorCode `json:"code"`
	Message string           `json:"message"`
}

func callbackFailedBody(e Envelope, f Failure) ([]byte, error) {
	failed, attempt := f.Callback, f.Attempt
	data := noticeEventData{
		ProjectID: e.Project.ID, ProjectName: e.Project.Name, SitePrimary: e.Project.PrimaryDomain,
		ProjectSettingsLink: projectSettingsLink(e, f.PublicURL),
		Status:              attempt.HTTPStatus, CallbackUID: failed.UID.String(), Event: failed.Event,
		Attempt: attempt.Number, WillRetry: failed.Status == StatusPending,
	}
	if attempt.Error != nil {
		data.Error = noticeError{attempt.Error.Code, attempt.Error.Message}
	}
	if data.WillRetry && failed.NextAttemptAt != nil {
		text := models.FormatTime(*failed.NextAttemptAt)
		data.NextAttemptAt = &text
	}
	if e.Creator != nil {
		data.FirstName, data.LastName = e.Creator.FirstName, e.Creator.LastName
	}
	return json.Marshal(notice{
		EventType: "callback-failed", EventData: data,
		AccountID: e.Account.ID, SSOClientAccountID: e.Account.PartnerAccountID,
	})
}

func projectSettingsLink(e Envelope, publicURL string) string {
	return fmt.Sprintf("%s/accounts/%d/projects/%d/edit?step=4", publicURL, e.Account.ID, e.Project.ID)
}
