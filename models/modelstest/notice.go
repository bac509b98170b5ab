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
	EventData struct {
		FirstName, NextAttemptAt *string
		Status                   *int
		WillRetry                bool
		Attempt                  int
		CallbackUID              string
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
