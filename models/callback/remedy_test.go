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
	for cause, remedy := range everyRemedy() {
		modelstest.WantRemedy(t, cause, &remedy)
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

// TestARemedyNeedsNothingBesideIt: a person reads it who knows neither this service nor where it is written about.
func TestARemedyNeedsNothingBesideIt(t *testing.T) {
	t.Parallel()
	for cause, remedy := range everyRemedy() {
		if strings.Contains(remedy, "docs/") || strings.Contains(remedy, "message") {
			t.Errorf("%s leads elsewhere: %q", cause, remedy)
		}
		said := strings.NewReplacer("API mutation `replayCallback`", "", "API query `checkCallback`", "", "API query `previewCallback`", "").Replace(remedy)
		for _, name := range []string{"replayCallback", "checkCallback", "previewCallback"} {
			if strings.Contains(said, name) {
				t.Errorf("%s does not say what %s is: %q", cause, name, remedy)
			}
		}
		for word, needs := range map[string]string{
			"Wait for the next attempt": "API mutation `replayCallback`", "firewall": "operator of this service", "/v1/openapi.json": "host of this API",
			"may have had this request": "X-Callback-Ref",
		} {
			if strings.Contains(remedy, word) && !strings.Contains(remedy, needs) && cause != string(callback.FlawHandshake) {
				t.Errorf("%s says %q, and not %q: %q", cause, word, needs, remedy)
			}
		}
	}
}

// everyRemedy has them by cause, status or flaw.
func everyRemedy() map[string]string {
	all := map[string]string{}
	for _, code := range callback.AttemptErrorCodes() {
		all[string(code)] = *callback.RemedyOf(&callback.AttemptError{Code: code}, "", nil)
	}
	for status := 100; status < 600; status++ {
		all[fmt.Sprint(status)] = *callback.RemedyOf(&callback.AttemptError{Code: callback.HTTPStatusError}, "", &status)
	}
	for _, flaw := range callback.Flaws() {
		all[string(flaw)] = *callback.RemedyOf(&callback.AttemptError{Code: callback.TLSError}, flaw, nil)
	}
	return all
}

func TestRemedyOfAStatus(t *testing.T) {
	t.Parallel()
	of := func(status int) string {
		return *callback.RemedyOf(&callback.AttemptError{Code: callback.HTTPStatusError}, "", &status)
	}
	for status, says := range map[int]string{
		401: "credentials", 404: "path", 413: "larger bodies", 504: "202", 418: "counts as a failure", 500: "its own code", 599: "proxy",
	} {
		if !strings.Contains(of(status), says) {
			t.Errorf("%d: %q does not say %q", status, of(status), says)
		}
	}
}
