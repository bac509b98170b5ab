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

// NewToken makes a secret of 32 random bytes. By the prefix a secret scanner, and a person, tell what it is for.
func NewToken(prefix string) Secret {
	return Secret(prefix + base64.RawURLEncoding.EncodeToString(RandomBytes(32)))
}

// RandomBytes makes n of them, which nobody can guess.
func RandomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}
