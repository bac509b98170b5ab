package models_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

// holders are the values of the domain that carry a secret, each with one inside.
func holders() map[string]any {
	header := models.Header{Key: "Authorization", Value: modelstest.HiddenSecret}
	endpoint := models.Endpoint{URL: new("https://example.com/"), Headers: []models.Header{header}}
	target := tenant.Target{
		URL: "https://example.com/", Headers: []tenant.SourcedHeader{{Header: header, Source: tenant.LevelProject}},
	}
	raised := &callback.Callback{TargetHeaders: []models.Header{header}}
	return map[string]any{
		"Secret":          models.Secret(modelstest.HiddenSecret),
		"*Secret":         new(models.Secret(modelstest.HiddenSecret)),
		"[]Secret":        []models.Secret{modelstest.HiddenSecret},
		"map of secrets":  map[string]models.Secret{"a": modelstest.HiddenSecret},
		"Header":          header,
		"[]Header":        []models.Header{header},
		"SourcedHeader":   target.Headers[0],
		"Endpoint":        endpoint,
		"Target":          target,
		"Account":         tenant.Account{Callback: endpoint},
		"*Account":        &tenant.Account{Callback: endpoint},
		"Project":         tenant.Project{Callback: endpoint},
		"SSOClient":       tenant.SSOClient{Webhook: endpoint},
		"Callback":        *raised,
		"*Callback":       raised,
		"Delivery":        callback.Delivery{Callback: raised, Target: target},
		"*Delivery":       &callback.Delivery{Callback: raised, Target: target},
		"Session":         tenant.Session{Token: modelstest.HiddenSecret},
		"Actor":           &models.Actor{SessionToken: modelstest.HiddenSecret},
		"SigningSecret":   tenant.SigningSecret{Secret: modelstest.HiddenSecret},
		"[]SigningSecret": []tenant.SigningSecret{{Secret: modelstest.HiddenSecret}},
		"EndpointUpdate":  models.EndpointUpdate{Headers: models.Given([]models.Header{header})},
		"any":             []any{models.Secret(modelstest.HiddenSecret)},
	}
}

func TestSecretIsNeverRevealedByPrintingLoggingOrMarshalling(t *testing.T) {
	t.Parallel()
	for name, value := range holders() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, verb := range []string{"%v", "%+v", "%#v"} {
				wantHidden(t, verb, fmt.Sprintf(verb, value))
			}
			text, err := json.Marshal(value)
			modelstest.NoError(t, err)
			wantHidden(t, "json", string(text))
			wantHidden(t, "slog text", logged(func(w *bytes.Buffer) slog.Handler { return slog.NewTextHandler(w, nil) }, value))
			wantHidden(t, "slog json", logged(func(w *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(w, nil) }, value))
			wantHidden(t, "an error", fmt.Errorf("broken: %v: %w", value, errors.ErrUnsupported).Error())
		})
	}
}

func TestSecretIsNeverRevealedByTheVerbsOfTexts(t *testing.T) {
	t.Parallel()
	// Of whole structs, go vet refuses these verbs.
	header := models.Header{Key: "Authorization", Value: modelstest.HiddenSecret}
	for _, value := range []any{
		header.Value, &header.Value, []models.Secret{modelstest.HiddenSecret}, header, []models.Header{header},
	} {
		for _, verb := range []string{"%s", "%q", "%x", "%X", "%-40s", "% x"} {
			wantHidden(t, verb, fmt.Sprintf(verb, value))
		}
	}
}

func logged(handler func(*bytes.Buffer) slog.Handler, value any) string {
	var out bytes.Buffer
	slog.New(handler(&out)).Info("message", "value", value, slog.Group("group", "value", value))
	return out.String()
}

func wantHidden(t *testing.T, how, text string) {
	t.Helper()
	if strings.Contains(text, modelstest.HiddenSecret) ||
		strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", modelstest.HiddenSecret)) {
		t.Errorf("%s reveals it: %s", how, text)
	}
}

func TestSecretIsRevealedOnRequestOnly(t *testing.T) {
	t.Parallel()
	if got := models.Secret(modelstest.HiddenSecret).Reveal(); got != modelstest.HiddenSecret {
		t.Errorf("got %q", got)
	}
	if got := models.Secret(modelstest.HiddenSecret).String(); got != models.Masked {
		t.Errorf("got %q", got)
	}
}

func TestSecretMatchesItsOwnHashOnly(t *testing.T) {
	t.Parallel()
	a, b := tenant.NewPlatformKey(), tenant.NewPlatformKey()
	if a.Reveal() == b.Reveal() {
		t.Fatal("two keys are the same")
	}
	if !a.Matches(a.Hash()) || a.Matches(b.Hash()) || a.Matches(nil) || models.Secret("").Matches(nil) {
		t.Error("a hash matches what it is not of, or not what it is of")
	}
	if !strings.HasPrefix(a.Reveal(), "rbp_") || len(a.Reveal()) < 4+43 {
		t.Error("a platform key has a prefix and 256 random bits")
	}
}

func TestEchoedHeaderValueIsMaskedInAnAnswer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		headers []models.Header
		body    string
		want    string
	}{
		"the whole value": {
			[]models.Header{named("Bearer your-token")}, "got Bearer your-token!", "got " + models.Masked + "!",
		},
		"the token alone": {
			[]models.Header{named("Bearer your-token")}, `{"token":"your-token"}`, `{"token":"` + models.Masked + `"}`,
		},
		"every time": {
			[]models.Header{named("abcdefgh")}, "abcdefgh abcdefgh", models.Masked + " " + models.Masked,
		},
		"a short value stays":   {[]models.Header{named("ok")}, "all is ok", "all is ok"},
		"nothing echoed":        {[]models.Header{named("your-token")}, "thanks", "thanks"},
		"no answer":             {[]models.Header{named("your-token")}, "", ""},
		"no headers configured": {nil, "thanks", "thanks"},
		"escaped in JSON": {
			[]models.Header{named(`pass"word\here`)}, `{"a":"pass\"word\\here"}`, `{"a":"` + models.Masked + `"}`,
		},
		"escaped in a URL": {
			[]models.Header{named("your/token+1=")}, "?t=your%2Ftoken%2B1%3D", "?t=" + models.Masked,
		},
		"cut off at the end": {
			[]models.Header{named("Bearer your-token-is-long")}, "you sent your-token-i", "you sent " + models.Masked,
		},
		"a common beginning": {[]models.Header{named("your-token")}, "this is your", "this is your"},
		// A value that begins another one must not leave the other's rest in sight.
		"one value begins another": {
			[]models.Header{named("abcdefgh"), named("abcdefgh-and-the-rest")}, "abcdefgh-and-the-rest", models.Masked,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := string(models.Redact([]byte(test.body), test.headers)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
