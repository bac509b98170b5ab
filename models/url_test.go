package models_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
)

func urlOfLength(n int) string {
	const start = "https://example.com/"
	return start + strings.Repeat("a", n-len(start))
}

func TestCallbackURLThatIsAccepted(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"the seed's":             "https://www.example.com/webhook",
		"http":                   "http://example.com",
		"scheme in capitals":     "HTTPS://example.com/",
		"a port":                 "https://example.com:8443/hook",
		"the last port":          "https://example.com:65535/",
		"a query":                "https://example.com/hook?a=1&b=%20",
		"an escaped number sign": "https://example.com/a%23b",
		"an IPv4 address":        "http://127.0.0.1:8080/",
		"an IPv6 address":        "http://[::1]:8080/",
		"a host without a dot":   "http://receiver/",
		"letters beyond ASCII":   "https://bücher.example/straße",
		"2,048 bytes":            urlOfLength(models.MaxCallbackURLBytes),
		"an at sign in the path": "https://example.com/@me",
	}
	for name, raw := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			noError(t, models.CheckCallbackURL("apiCallbackUrl", raw))
		})
	}
}

func TestCallbackURLThatIsRefusedNamesTheField(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"empty":                    "",
		"relative path":            "/webhook",
		"relative name":            "example.com/webhook",
		"relative to a scheme":     "//example.com/webhook",
		"ftp":                      "ftp://example.com/",
		"file":                     "file:///etc/passwd",
		"javascript":               "javascript:alert(1)",
		"gopher":                   "gopher://example.com/",
		"no host":                  "https:///webhook",
		"no host but a port":       "https://:443/webhook",
		"opaque":                   "https:example.com",
		"a user":                   "https://user@example.com/",
		"a user and a password":    "https://user:secret@example.com/",
		"an empty user":            "https://@example.com/",
		"a fragment":               "https://example.com/#top",
		"an empty fragment":        "https://example.com/#",
		"2,049 bytes":              urlOfLength(models.MaxCallbackURLBytes + 1),
		"a blank in the path":      "https://example.com/a b",
		"a blank in front":         " https://example.com/",
		"a blank behind":           "https://example.com/ ",
		"a line break":             "https://example.com/\r\nX-Evil: 1",
		"a tab":                    "https://example.com/\ta",
		"NUL":                      "https://example.com/\x00",
		"DEL":                      "https://example.com/\x7f",
		"a blank in the host":      "https://exa mple.com/",
		"port 0":                   "https://example.com:0/",
		"port 65536":               "https://example.com:65536/",
		"a port that is no number": "https://example.com:http/",
		"a negative port":          "https://example.com:-1/",
		"a broken escape":          "https://example.com/%zz",
		"an open bracket":          "http://[::1/",
	}
	for name, raw := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantError(t, models.CheckCallbackURL("apiCallbackUrl", raw), models.CodeBadUserInput, "apiCallbackUrl")
		})
	}
}

func TestRefusedURLNeverRepeatsItsPassword(t *testing.T) {
	t.Parallel()
	err := models.CheckCallbackURL("apiCallbackUrl", "https://user:hunter2hunter2@example.com:0/%zz")
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func FuzzCheckCallbackURL(f *testing.F) {
	for _, s := range []string{
		"https://www.example.com/webhook", "http://[::1]:80/", "https://u:p@h/", "https://h/#", "//h", "https://h:0", "https:///",
		"http://h%41/", "HTTP://h", "http://h\\@evil/",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if err := models.CheckCallbackURL("url", raw); err != nil {
			wantError(t, err, models.CodeBadUserInput, "url")
			return
		}
		// What is accepted can be requested, and says nothing that the wire would not carry.
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
			t.Fatalf("accepted %q as %#v", raw, u)
		}
		if len(raw) > models.MaxCallbackURLBytes || strings.ContainsAny(raw, "\r\n\x00 #") {
			t.Fatalf("accepted %q", raw)
		}
	})
}
