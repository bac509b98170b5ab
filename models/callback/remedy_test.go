package callback_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ringback/ringback/models/callback"
)

// TestEveryCauseHasARemedy: a sentence that is not that of another cause.
func TestEveryCauseHasARemedy(t *testing.T) {
	t.Parallel()
	var seen []string
	for _, code := range callback.AttemptErrorCodes() {
		remedy := callback.RemedyOf(&callback.AttemptError{Code: code}, nil)
		if remedy == nil || !strings.HasSuffix(*remedy, ".") || slices.Contains(seen, *remedy) {
			t.Errorf("%s: %v", code, remedy)
			continue
		}
		seen = append(seen, *remedy)
	}
	if callback.RemedyOf(nil, new(200)) != nil {
		t.Error("a success has a remedy")
	}
}

func TestRemedyOfAStatus(t *testing.T) {
	t.Parallel()
	of := func(status int) string {
		return *callback.RemedyOf(&callback.AttemptError{Code: callback.HTTPStatusError}, &status)
	}
	for status, says := range map[int]string{
		401: "credentials", 404: "path", 413: "larger bodies", 504: "202", 418: "receiver's log", 599: "its own code",
	} {
		if !strings.Contains(of(status), says) {
			t.Errorf("%d: %q does not say %q", status, of(status), says)
		}
	}
}
