package models_test

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

const headersField = "apiCallbackHeaders"

func manyHeaders(n int) []models.Header {
	headers := make([]models.Header, n)
	for i := range headers {
		headers[i] = models.Header{Key: fmt.Sprintf("X-Header-%d", i), Value: "v"}
	}
	return headers
}

func TestHeadersThatAreAccepted(t *testing.T) {
	t.Parallel()
	tests := map[string][]models.Header{
		"none":                     nil,
		"the seed's":               {{Key: "Authorization", Value: "Bearer your-token"}},
		"every sign of a token":    {{Key: "!#$%&'*+-.^_`|~09azAZ", Value: "v"}},
		"an empty value":           {{Key: "X-Empty", Value: ""}},
		"blanks and tabs inside":   {{Key: "X-A", Value: "a b\tc"}},
		"every visible ASCII sign": {{Key: "X-A", Value: "!\"#$%&'()*+,-./0:;<=>?@A[\\]^_`a{|}~"}},
		"a value of 4,096 bytes":   {{Key: "X-A", Value: models.Secret(strings.Repeat("v", models.MaxHeaderBytes))}},
		"a name of 4,096 bytes":    {{Key: strings.Repeat("k", models.MaxHeaderBytes), Value: "v"}},
		"20 headers":               manyHeaders(models.MaxHeaders),
		"User-Agent":               {{Key: "User-Agent", Value: "mine"}},
		"names close to reserved": {
			{Key: "X-Host"}, {Key: "Proxy"}, {Key: "Webhook"}, {Key: "X-Callback"}, {Key: "TEA"}, {Key: "X-Run-Callbacks"},
		},
		"the same value twice":        {{Key: "X-A", Value: "v"}, {Key: "X-B", Value: "v"}},
		"Content-Language and others": {{Key: "Content-Language", Value: "en"}, {Key: "Accept", Value: "*/*"}},
	}
	for name, headers := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modelstest.NoError(t, models.CheckHeaders(headersField, headers))
		})
	}
}

func TestHeadersThatAreRefusedNameTheFieldAndNeverAValue(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-t0k3n"
	one := func(key, value string) []models.Header {
		return []models.Header{{Key: key, Value: models.Secret(value)}}
	}
	tests := map[string][]models.Header{
		"an empty name":           one("", secret),
		"a blank in the name":     one("X Token", secret),
		"a colon in the name":     one("X-Token:", secret),
		"a name beyond ASCII":     one("X-Tökén", secret),
		"a line break in a name":  one("X-A\r\nX-B", secret),
		"NUL in the name":         one("X-A\x00", secret),
		"a name of 4,097 bytes":   one(strings.Repeat("k", models.MaxHeaderBytes+1), secret),
		"a value of 4,097 bytes":  one("X-A", strings.Repeat("v", models.MaxHeaderBytes+1-len(secret))+secret),
		"CR in the value":         one("X-A", secret+"\r"),
		"LF in the value":         one("X-A", secret+"\n"),
		"CR LF and a header":      one("X-A", secret+"\r\nHost: evil"),
		"NUL in the value":        one("X-A", secret+"\x00"),
		"another control":         one("X-A", secret+"\x1b"),
		"DEL in the value":        one("X-A", secret+"\x7f"),
		"a value beyond ASCII":    one("X-A", secret+"é"),
		"a byte that is no UTF-8": one("X-A", secret+"\xff"),
		"a blank at the end":      one("X-A", secret+" "),
		"a blank in front":        one("X-A", " "+secret),
		"a tab at the end":        one("X-A", secret+"\t"),
		"21 headers":              append(manyHeaders(models.MaxHeaders), one("X-Last", secret)...),
		"the same name twice":     append(one("X-A", secret), one("X-A", secret)...),
		"twice by letter case":    append(one("authorization", secret), one("AUTHORIZATION", secret)...),
		"the second one is wrong": append(one("X-A", "fine"), one("Host", secret)...),
	}
	for name, headers := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := models.CheckHeaders(headersField, headers)
			wantHeaderProblem(t, err)
			if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "vvvv") {
				t.Errorf("the error repeats the value: %v", err)
			}
		})
	}
}

// wantHeaderProblem: on the list, or on the key or the value of one of its elements.
func wantHeaderProblem(t *testing.T, err error) {
	t.Helper()
	var problem *models.Error
	if !errors.As(err, &problem) || problem.Code != models.CodeBadUserInput ||
		!regexp.MustCompile(`^`+headersField+`(\.\d+\.(key|value))?$`).MatchString(problem.Field) {
		t.Errorf("got %v", err)
	}
}

func TestAllThatIsWrongWithHeadersIsSaid(t *testing.T) {
	t.Parallel()
	err := models.CheckHeaders(
		"headers",
		[]models.Header{
			{Key: "Host", Value: "h"},
			{Key: "X A", Value: "v"},
			{Key: "X-B", Value: "v "},
			{Key: "X-C", Value: "\n"},
			{Key: "Te", Value: "\n"},
		},
	)
	for _, want := range []string{
		"headers.0.key:", "headers.1.key:", `headers.2.value: of "X-B"`, `headers.3.value: of "X-C"`,
		"headers.4.key:", `headers.4.value: of "Te"`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func TestTooManyHeadersHideNoOtherProblem(t *testing.T) {
	t.Parallel()
	err := models.CheckHeaders("headers", append(manyHeaders(models.MaxHeaders), models.Header{Key: "Host", Value: "h"},
		models.Header{Key: "b b", Value: "ü"}))
	for _, want := range []string{"headers: must have at most 20 headers, not 22", "headers.20.key:", "headers.21.key:", "headers.21.value:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if n := len(models.ProblemsOf(models.CheckHeaders("headers", make([]models.Header, 10_000)))); n > 200 {
		t.Errorf("of 10,000 headers without a name %d problems are told", n)
	}
}

func TestReservedHeaderIsRefusedInEveryLetterCase(t *testing.T) {
	t.Parallel()
	reserved := []string{
		"host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "keep-alive", "expect",
		"content-type", "content-encoding", "x-run-callback",
		"proxy-authorization", "proxy-connection", "proxy-", "webhook-id", "webhook-timestamp", "webhook-signature",
		"webhook-x",
		"x-callback-ref", "x-callback-attempt", "x-callback-anything",
	}
	for _, name := range reserved {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, key := range []string{name, strings.ToUpper(name), http.CanonicalHeaderKey(name), oddCase(name)} {
				err := models.CheckHeaders(headersField, []models.Header{{Key: key, Value: "v"}})
				wantHeaderProblem(t, err)
			}
		})
	}
}

// oddCase writes every second letter in capitals.
func oddCase(s string) string {
	b := []byte(s)
	for i := range b {
		if i%2 == 1 {
			b[i] = strings.ToUpper(s)[i]
		}
	}
	return string(b)
}

func TestMaskedHeadersKeepNamesAndLoseValues(t *testing.T) {
	t.Parallel()
	headers := []models.Header{{Key: "Authorization", Value: "Bearer your-token"}}
	masked := models.MaskHeaders(headers)
	if masked[0].Key != "Authorization" || masked[0].Value.Reveal() != models.Masked {
		t.Errorf("got %s: %s", masked[0].Key, masked[0].Value.Reveal())
	}
	if headers[0].Value.Reveal() != "Bearer your-token" {
		t.Error("masking changed the original")
	}
}

func TestAcceptedHeadersGoThroughNetHTTP(t *testing.T) {
	t.Parallel()
	// What is checked when it is set must not fail when it is sent: net/http refuses what it cannot put on the wire.
	rapid.Check(t, func(t *rapid.T) {
		h := models.Header{Key: rapid.String().Draw(t, "key"), Value: models.Secret(rapid.String().Draw(t, "value"))}
		if models.CheckHeaders("headers", []models.Header{h}) != nil {
			return
		}
		checkSendable(t, h)
	})
}

func FuzzCheckHeaders(f *testing.F) {
	f.Add("Authorization", "Bearer your-token")
	f.Add("hOsT", "x")
	f.Add("X-A", "a\r\nb: c")
	f.Add("X-\xff", "\xff")
	f.Fuzz(func(t *testing.T, key, value string) {
		h := models.Header{Key: key, Value: models.Secret(value)}
		if err := models.CheckHeaders(headersField, []models.Header{h}); err != nil {
			wantHeaderProblem(t, err)
			return
		}
		checkSendable(t, h)
	})
}

type fataler interface {
	Fatalf(format string, args ...any)
}

// checkSendable writes a request with the header and looks for exactly one line of it.
func checkSendable(t fataler, h models.Header) {
	r, err := http.NewRequest(http.MethodPost, "http://example.com/", http.NoBody)
	if err != nil {
		t.Fatalf("%v", err)
	}
	r.Header.Set(h.Key, h.Value.Reveal())
	var wire strings.Builder
	if err := r.Write(&wire); err != nil {
		t.Fatalf("%q: %v", h.Key, err)
	}
	line := "\r\n" + http.CanonicalHeaderKey(h.Key) + ": " + strings.TrimFunc(
		h.Value.Reveal(), func(r rune) bool { return r == ' ' || r == '\t' },
	) + "\r\n"
	if strings.Count(wire.String(), line) != 1 {
		t.Fatalf("%q is not once in %q", line, wire.String())
	}
}

// TestWhatIsStoredAlreadyIsSentWithAWarning: an update of Ringback must not stop callbacks that arrived until then.
func TestWhatIsStoredAlreadyIsSentWithAWarning(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	p := *w.Shop
	p.Callback.URL = new("https://project.example/hook\u200b")
	p.Callback.Headers = []models.Header{{Key: "Authorization", Value: "Bearer s3cr3t-t0k3n "}}
	modelstest.NoError(t, w.Store.UpdateProject(t.Context(), w.Admin.Scope(models.RoleEditor), &p))
	d := w.MustClaim(w.NewCallback().ID)
	if d.Refusal() != nil || d.Target.URL != *p.Callback.URL {
		t.Fatalf("it is refused: %v", d.Refusal())
	}
	w.MustSettle(d, modelstest.Answered(200))
	a := w.Attempts(d.Callback.ID)[0]
	for _, want := range []string{
		"U+200B (ZERO WIDTH SPACE)", `headers.0.value: of "Authorization" must not begin or end with a blank`,
	} {
		if a.Warning == nil || !strings.Contains(*a.Warning, want) {
			t.Fatalf("the history says %v, not %q", a.Warning, want)
		}
	}
	if strings.Contains(*a.Warning, "s3cr3t") || a.Error != nil {
		t.Errorf("%q, %v", *a.Warning, a.Error)
	}
	w.SetURL(new(modelstest.ProjectURL))
	_, err := w.UpdateProject(t.Context(), w.Editor, tenant.ProjectUpdate{
		ProjectID: w.Shop.ID, Callback: models.EndpointUpdate{Headers: models.Given([]models.Header{})},
	})
	modelstest.NoError(t, err)
	c := w.Deliver(w.NewCallback().ID, modelstest.Answered(200))
	if got := w.Attempts(c.ID)[0].Warning; got != nil {
		t.Errorf("a mended one is warned of: %q", *got)
	}
}
