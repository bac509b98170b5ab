package callback_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

func TestEveryRemedyIsASentence(t *testing.T) {
	t.Parallel()
	for _, code := range callback.AttemptErrorCodes() {
		modelstest.WantRemedy(t, string(code), callback.RemedyOf(&callback.AttemptError{Code: code}, "", nil))
	}
	for _, flaw := range callback.Flaws() {
		modelstest.WantRemedy(t, string(flaw), callback.RemedyOf(&callback.AttemptError{Code: callback.TLSError}, flaw, nil))
	}
	for status := 100; status < 600; status++ {
		modelstest.WantRemedy(t, fmt.Sprint(status), callback.RemedyOf(&callback.AttemptError{Code: callback.HTTPStatusError}, "", &status))
	}
}

// TestEveryCauseHasARemedy: a sentence that is not that of another cause.
func TestEveryCauseHasARemedy(t *testing.T) {
	t.Parallel()
	var seen []string
	for _, code := range callback.AttemptErrorCodes() {
		remedy := callback.RemedyOf(&callback.AttemptError{Code: code}, "", nil)
		if remedy == nil || !strings.HasSuffix(*remedy, ".") || slices.Contains(seen, *remedy) {
			t.Errorf("%s: %v", code, remedy)
			continue
		}
		seen = append(seen, *remedy)
	}
	for _, flaw := range callback.Flaws() {
		remedy := callback.RemedyOf(&callback.AttemptError{Code: callback.TLSError}, flaw, nil)
		if slices.Contains(seen, *remedy) || callback.FlawOf(flaw.Code()) != flaw {
			t.Errorf("%s: %q, code %d", flaw, *remedy, flaw.Code())
		}
		seen = append(seen, *remedy)
	}
	if n := len(callback.Flaws()); n > 31 { // there are five bits for it
		t.Errorf("%d flaws", n)
	}
	if callback.RemedyOf(nil, "", new(200)) != nil {
		t.Error("a success has a remedy")
	}
}

func TestRemedyOfAStatus(t *testing.T) {
	t.Parallel()
	of := func(status int) string {
		return *callback.RemedyOf(&callback.AttemptError{Code: callback.HTTPStatusError}, "", &status)
	}
	for status, says := range map[int]string{
		401: "credentials", 404: "path", 413: "larger bodies", 504: "202", 418: "receiver's log", 500: "its own code", 599: "proxy",
	} {
		if !strings.Contains(of(status), says) {
			t.Errorf("%d: %q does not say %q", status, of(status), says)
		}
	}
}
