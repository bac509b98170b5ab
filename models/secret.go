package models

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"log/slog"
)

// Masked is what stands in place of a secret wherever one must not be shown.
const Masked = "••••••"

// Secret is a text that must not reach a log, an error or an answer by accident:
// printing, logging or marshalling it yields Masked.
type Secret string

// Reveal returns the clear text.
func (s Secret) Reveal() string { return string(s) }

// String masks the secret.
func (s Secret) String() string { return Masked }

// GoString masks the secret under %#v.
func (s Secret) GoString() string { return Masked }

// LogValue masks the secret in structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(Masked) }

// MarshalText masks the secret in JSON and other encodings.
func (s Secret) MarshalText() ([]byte, error) { return []byte(Masked), nil }

// Hash is how keys and tokens are stored. They carry 256 random bits, so a fast hash is enough.
func (s Secret) Hash() []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

// Matches compares the secret with a stored hash in constant time.
func (s Secret) Matches(hash []byte) bool {
	return subtle.ConstantTimeCompare(s.Hash(), hash) == 1
}

// Prefixes let a secret scanner, and a person, tell the keys apart.
const (
	sessionTokenPrefix  = "rbs_"
	userKeyPrefix       = "rbk_"
	platformKeyPrefix   = "rbp_"
	projectKeyPrefix    = "rbj_"
	signingSecretPrefix = "whsec_" // Standard Webhooks
)

// NewPlatformKey makes a service key with the platform role.
func NewPlatformKey() Secret { return newToken(platformKeyPrefix) }

func newToken(prefix string) Secret {
	return Secret(prefix + base64.RawURLEncoding.EncodeToString(randomBytes(32)))
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}
