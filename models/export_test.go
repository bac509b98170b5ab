package models

import (
	"bytes"
	"context"
	"encoding/json"
)

// CallbackFailedBody is reached past the use-cases.
var CallbackFailedBody = callbackFailedBody

// DigestAgain reads a callbacks-failed notice, which may have nothing else, and writes it.
func DigestAgain(body []byte) ([]byte, error) {
	var n digestNotice
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&n); err != nil {
		return nil, err
	}
	return json.Marshal(n)
}

// RedactStates is how many states the automaton has that masks headers in an answer of a length.
func RedactStates(headers []Header, length int) int {
	return len(newAutomaton(wordsOf(headers, length)).last)
}

// Secrets returns what a delivery is signed with.
func (d *Delivery) Secrets() []*SigningSecret { return d.secrets }

// SettleTogether writes settlements in one transaction.
func (s *Service) SettleTogether(ctx context.Context, settlements ...*Settlement) error {
	_, err := s.settleAll(ctx, settlements)
	return err
}
