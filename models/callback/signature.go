package callback

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/ringback/ringback/models/tenant"
)

// Sign returns the webhook-signature header of the Standard Webhooks specification: for each secret v1 and the base64
// of HMAC-SHA256 over "id.timestamp.body", with a blank between.
func Sign(secrets []*tenant.SigningSecret, id string, at time.Time, body []byte) (string, error) {
	signatures := make([]string, len(secrets))
	for i, s := range secrets {
		key, err := s.Key()
		if err != nil {
			return "", err
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + unixText(at) + "."))
		mac.Write(body)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signatures, " "), nil
}

// unixText is a time as whole seconds since 1970.
func unixText(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
