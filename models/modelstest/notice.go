package modelstest

import (
	"encoding/json"
	"testing"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// SetNoticeMode changes what the partner hears of failures.
func (w *World) SetNoticeMode(mode tenant.NoticeMode) {
	w.T.Helper()
	change := tenant.SSOClientUpdate{SSOClientID: w.Partner.ID, NoticeMode: mode}
	_, err := w.UpdateSSOClient(w.T.Context(), w.Platform, change)
	NoError(w.T, err)
}

// Notice is a notice as the partner reads it.
type Notice struct {
	EventType string
	EventData struct {
		FirstName, NextAttemptAt *string
		Status                   *int
		WillRetry                bool
		Attempt, Attempts        int
		CallbackUID, CallbackRef string
		OccurredAt               string
		TargetURL                *string
		Error                    *struct{ Code string }
		callback.SourceNames
	}
	AccountID int64
}

// ReadNotice reads the body of a notice.
func ReadNotice(t testing.TB, c *callback.Callback) Notice {
	t.Helper()
	var n Notice
	NoError(t, json.Unmarshal(c.Body, &n))
	return n
}

// SetWebhookEvents changes what of callbacks the partner hears of.
func (w *World) SetWebhookEvents(events ...tenant.WebhookEvent) {
	w.T.Helper()
	change := tenant.SSOClientUpdate{SSOClientID: w.Partner.ID, WebhookEvents: events}
	_, err := w.UpdateSSOClient(w.T.Context(), w.Platform, change)
	NoError(w.T, err)
}

// Recoveries are the notices of arrivals, the oldest first.
func (w *World) Recoveries() []*callback.Callback {
	return w.CallbacksOf(callback.CallbackRecoveredEvent)
}
