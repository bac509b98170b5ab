package models_test

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"pgregory.net/rapid"

	"github.com/ringback/ringback/models"
)

func signingSecret(b byte) *models.SigningSecret {
	key := []byte(strings.Repeat(string(rune(b)), 32))
	return &models.SigningSecret{Secret: models.Secret("whsec_" + base64.StdEncoding.EncodeToString(key))}
}

// verify asks the official library, as a receiver does. It ignores the age, which no rule of signing is about.
func verify(t testing.TB, secret *models.SigningSecret, id string, at time.Time, signature string, body []byte) error {
	t.Helper()
	referee, err := standardwebhooks.NewWebhook(secret.Secret.Reveal())
	noError(t, err)
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	h.Set("webhook-signature", signature)
	return referee.VerifyIgnoringTimestamp(body, h)
}

func TestSignatureIsAcceptedByTheOfficialLibraryWithOldAndNewSecret(t *testing.T) {
	t.Parallel()
	current, previous, foreign := signingSecret('n'), signingSecret('o'), signingSecret('x')
	body := []byte("message=crawl_status&crawl_id=124234")
	signature, err := models.Sign([]*models.SigningSecret{current, previous}, "ref", start, body)
	noError(t, err)
	noError(t, verify(t, current, "ref", start, signature, body))
	noError(t, verify(t, previous, "ref", start, signature, body))
	if verify(t, foreign, "ref", start, signature, body) == nil {
		t.Error("accepted with a secret that did not sign")
	}
}

func TestSignatureIsRefusedWhenAnythingIsChanged(t *testing.T) {
	t.Parallel()
	secret := signingSecret('s')
	body := []byte(`{"eventType":"callback-failed"}`)
	signature, err := models.Sign([]*models.SigningSecret{secret}, "ref", start, body)
	noError(t, err)
	noError(t, verify(t, secret, "ref", start, signature, body))
	tests := map[string]error{
		"body":          verify(t, secret, "ref", start, signature, append([]byte(" "), body...)),
		"id":            verify(t, secret, "ref2", start, signature, body),
		"timestamp":     verify(t, secret, "ref", start.Add(time.Second), signature, body),
		"no signature":  verify(t, secret, "ref", start, "", body),
		"other version": verify(t, secret, "ref", start, strings.Replace(signature, "v1,", "v2,", 1), body),
	}
	for name, err := range tests {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSignatureCoversAnyBytes(t *testing.T) {
	t.Parallel()
	secret := signingSecret('s')
	rapid.Check(t, func(r *rapid.T) {
		body := rapid.SliceOf(rapid.Byte()).Draw(r, "body")
		id := rapid.StringMatching(`[0-9a-f-]{1,36}`).Draw(r, "id")
		at := time.Unix(rapid.Int64Range(0, 1<<33).Draw(r, "at"), 999_999_999)
		signature, err := models.Sign([]*models.SigningSecret{secret}, id, at, body)
		if err != nil {
			r.Fatal(err)
		}
		if err := verify(t, secret, id, at, signature, body); err != nil {
			r.Fatal(err)
		}
	})
}

func TestSecretThatIsNoBase64SignsNothing(t *testing.T) {
	t.Parallel()
	// Better no request than one whose signature is made with a guess at the key.
	_, err := models.Sign([]*models.SigningSecret{{Secret: "whsec_%%%"}}, "ref", start, nil)
	if err == nil {
		t.Fatal("signed with a broken secret")
	}
	if strings.Contains(err.Error(), "%%%") {
		t.Errorf("the error repeats the secret: %v", err)
	}
}
