package callback

import (
	"net/url"
	"strings"

	"github.com/ringback/ringback/models"
)

// Form is a form-encoded body in the order of the fields, as the published examples print it (url.Values would sort).
// What is not available is an empty string.
type Form struct{ text strings.Builder }

// Add adds a field.
func (f *Form) Add(key, value string) {
	if f.text.Len() > 0 {
		f.text.WriteByte('&')
	}
	f.text.WriteString(url.QueryEscape(key) + "=" + url.QueryEscape(value))
}

// AddID adds a raw id.
func (f *Form) AddID(key string, id int64) { f.Add(key, models.RawIDText(id)) }

// AddOwners adds the fields that all form events share.
func (f *Form) AddOwners(e Envelope) {
	f.AddID("project_id", e.Project.ID)
	f.AddID("account_id", e.Account.ID)
	userID, partnerUserID := "", ""
	if e.Creator != nil {
		userID, partnerUserID = models.RawIDText(e.Creator.ID), models.TextOrEmpty(e.Creator.PartnerUserID)
	}
	f.Add("user_id", userID)
	f.Add("partner_account_id", models.TextOrEmpty(e.Account.PartnerAccountID))
	f.Add("partner_user_id", partnerUserID)
}

// Bytes is the body.
func (f *Form) Bytes() []byte { return []byte(f.text.String()) }
