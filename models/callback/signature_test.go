package callback_test

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func signingSecret(b byte) *tenant.SigningSecret {
	key := []byte(strings.Repeat(string(rune(b)), 32))
	return &tenant.SigningSecret{Secret: models.Secret("whsec_" + base64.StdEncoding.EncodeToString(key))}
}

func TestSignatureIsAcceptedByTheOfficialLibraryWithOldAndNewSecret(t *testing.T) {
	t.Parallel()
	current, previous, foreign := signingSecret('n'), signingSecret('o'), signingSecret('x')
	body := []byte("message=crawl_status&crawl_id=124234")
	signature, err := callback.Sign([]*tenant.SigningSecret{current, previous}, "ref", modelstest.Start, body)
	modelstest.NoError(t, err)
	modelstest.NoError(t, modelstest.VerifySignature(t, current, "ref", modelstest.Start, signature, body))
	modelstest.NoError(t, modelstest.VerifySignature(t, previous, "ref", modelstest.Start, signature, body))
	if modelstest.VerifySignature(t, foreign, "ref", modelstest.Start, signature, body) == nil {
		t.Error("accepted with a secret that did not sign")
	}
}

func TestSignatureIsRefusedWhenAnythingIsChanged(t *testing.T) {
	t.Parallel()
	secret := signingSecret('s')
	body := []byte(`{"eventType":"callback-failed"}`)
	signature, err := callback.Sign([]*tenant.SigningSecret{secret}, "ref", modelstest.Start, body)
	modelstest.NoError(t, err)
	modelstest.NoError(t, modelstest.VerifySignature(t, secret, "ref", modelstest.Start, signature, body))
	tests := map[string]error{
		"body": modelstest.VerifySignature(
			t, secret, "ref", modelstest.Start, signature, append([]byte(" "), body...),
		),
		"id":           modelstest.VerifySignature(t, secret, "ref2", modelstest.Start, signature, body),
		"timestamp":    modelstest.VerifySignature(t, secret, "ref", modelstest.Start.Add(time.Second), signature, body),
		"no signature": modelstest.VerifySignature(t, secret, "ref", modelstest.Start, "", body),
		"other version": modelstest.VerifySignature(
			t, secret, "ref", modelstest.Start, strings.Replace(signature, "v1,", "v2,", 1), body,
		),
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
		signature, err := callback.Sign([]*tenant.SigningSecret{secret}, id, at, body)
		if err != nil {
			r.Fatal(err)
		}
		if err := modelstest.VerifySignature(t, secret, id, at, signature, body); err != nil {
			r.Fatal(err)
		}
	})
}

func TestSecretThatIsNoBase64SignsNothing(t *testing.T) {
	t.Parallel()
	// Better no request than one whose signature is made with a guess at the key.
	_, err := callback.Sign([]*tenant.SigningSecret{{Secret: "whsec_%%%"}}, "ref", modelstest.Start, nil)
	if err == nil {
		t.Fatal("signed with a broken secret")
	}
	if strings.Contains(err.Error(), "%%%") {
		t.Errorf("the error repeats the secret: %v", err)
	}
}

func BenchmarkSign(b *testing.B) {
	secrets := []*tenant.SigningSecret{signingSecret('n'), signingSecret('o')}
	for count := 1; count <= len(secrets); count++ {
		for _, size := range []int{400, 64 << 10} {
			b.Run(strconv.Itoa(count)+" secrets, "+strconv.Itoa(size)+" bytes", func(b *testing.B) {
				body := bytes.Repeat([]byte("x"), size)
				b.ReportAllocs()
				b.SetBytes(int64(size))
				for b.Loop() {
					if _, err := callback.Sign(
						secrets[:count], "019ad3f0-0000-7000-8000-000000000001", modelstest.Start, body,
					); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
