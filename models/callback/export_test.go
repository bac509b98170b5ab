package callback

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/ringback/ringback/models/tenant"
)

// NoticeBody is reached past the use-cases.
var NoticeBody = noticeBody

// DigestBody is too.
var DigestBody = digestBody

// DigestAgain reads a digest, which may have nothing else, and writes it.
func DigestAgain(body []byte) ([]byte, error) {
	var n digestNotice
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&n); err != nil {
		return nil, err
	}
	return json.Marshal(n)
}

// Secrets returns what a delivery is signed with.
func (d *Delivery) Secrets() []*tenant.SigningSecret { return d.secrets }

// SettleTogether writes settlements in one transaction.
func (ds *Deliveries) SettleTogether(ctx context.Context, settlements ...*Settlement) error {
	_, err := ds.settleAll(ctx, settlements)
	return err
}
