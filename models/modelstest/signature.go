package modelstest

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/ringback/ringback/models/tenant"
)

// VerifySignature asks the official library, as a receiver does. It ignores the age, which no rule of signing is about.
func VerifySignature(
	t testing.TB, secret *tenant.SigningSecret, id string, at time.Time, signature string, body []byte,
) error {
	t.Helper()
	referee, err := standardwebhooks.NewWebhook(secret.Secret.Reveal())
	NoError(t, err)
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	h.Set("webhook-signature", signature)
	return referee.VerifyIgnoringTimestamp(body, h)
}
