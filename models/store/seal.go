package store

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ringback/ringback/models"
)

// KeyBytes is the length of an encryption key: AES-256.
const KeyBytes = 32

// A box is: the version of the format, four bytes that tell which key sealed it, and what AES-GCM made (nonce first).
const (
	boxVersion = 1
	keyIDBytes = 4
)

// Sealer seals secrets at rest.
type Sealer struct {
	aead   cipher.AEAD
	prefix []byte
}

// NewSealer returns a sealer for a key of 32 bytes.
func NewSealer(key []byte) (*Sealer, error) {
	if len(key) != KeyBytes {
		return nil, fmt.Errorf("an encryption key has %d bytes, not %d", KeyBytes, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(key)
	return &Sealer{aead: aead, prefix: append([]byte{boxVersion}, id[:keyIDBytes]...)}, nil
}

// seal binds the box to its place (table, column and row): moved elsewhere it does not open.
func (s *Sealer) seal(plain []byte, place string) []byte {
	box := s.aead.Seal(nil, nil, plain, []byte(place)) //nolint:gosec // G407: no nonce is given, this AEAD draws its own
	return append(bytes.Clone(s.prefix), box...)
}

var errOtherKey = errors.New("the value was sealed with another key; is RINGBACK_ENCRYPTION_KEY the one of this " +
	"database?")

func (s *Sealer) open(box []byte, place string) ([]byte, error) {
	sealed, ok := bytes.CutPrefix(box, s.prefix)
	if !ok {
		return nil, errOtherKey
	}
	return s.aead.Open(nil, nil, sealed, []byte(place))
}

// closedBox stands for headers that could not be read when they were copied: no key opens it.
var closedBox = []byte{0}

type sealedHeader struct {
	Key   string `json:"k"`
	Value string `json:"v"`
}

// sealHeaders returns nil for no headers.
func (s *Sealer) sealHeaders(headers []models.Header, place string) ([]byte, error) {
	if len(headers) == 0 {
		return nil, nil
	}
	plain := make([]sealedHeader, len(headers))
	for i, h := range headers {
		plain[i] = sealedHeader{h.Key, h.Value.Reveal()}
	}
	text, err := json.Marshal(plain)
	if err != nil {
		return nil, err
	}
	return s.seal(text, place), nil
}

func (s *Sealer) openHeaders(box []byte, place string) ([]models.Header, error) {
	if len(box) == 0 { // one SQLite driver reads NULL as an empty slice
		return nil, nil
	}
	text, err := s.open(box, place)
	if err != nil {
		return nil, &models.UnreadableError{Place: place, Err: err}
	}
	var plain []sealedHeader
	if err := json.Unmarshal(text, &plain); err != nil {
		return nil, &models.UnreadableError{Place: place, Err: err}
	}
	headers := make([]models.Header, len(plain))
	for i, h := range plain {
		headers[i] = models.Header{Key: h.Key, Value: models.Secret(h.Value)}
	}
	return headers, nil
}
