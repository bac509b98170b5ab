package models_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

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
		"2,048 bytes":            modelstest.URLOfLength(models.MaxCallbackURLBytes),
		"an at sign in the path": "https://example.com/@me",
		"an emoji":               "https://example.com/hook?😀",
		"signs":                  "https://example.com/a%2Fb/{t}?x=\"<>^`{}[]\\|%3B",
		"a name with a _":        "http://my_hook:8080/x",
		"a dot at the end":       "https://example.com./",
		"a label of 63":          "https://" + strings.Repeat("a", 63) + ".example/",
		"a name of 253":          "https://" + strings.Repeat("a.", 126) + "a/",
	}
	for name, raw := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modelstest.NoError(t, models.CheckCallbackURL("apiCallbackUrl", raw))
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
		"2,049 bytes":              modelstest.URLOfLength(models.MaxCallbackURLBytes + 1),
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
		"a name that IDNA refuses": "https://мой_хук.рф/x",
		"another":                  "https://-ü.de/",
		"a broken xn--":            "https://xn--a.example/",
		"a % in the host":          "https://ex%ff.com/",
		"a zone":                   "http://[fe80::1%25eth0]/",
		"a label of 64":            "https://" + strings.Repeat("a", 64) + ".example/",
		"a long one of IDNA":       "https://" + strings.Repeat("ü", 63) + ".example/",
		"a name of 254":            "https://" + strings.Repeat("a.", 126) + "aa/",
		"an empty label":           "https://a..example/",
		"a byte beyond UTF-8":      "https://example.com/\xe9",
	}
	for name, raw := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modelstest.WantError(t, models.CheckCallbackURL("apiCallbackUrl", raw), models.CodeBadUserInput, "apiCallbackUrl")
		})
	}
}

func TestInvisibleCharacterOfAURLIsNamed(t *testing.T) {
	t.Parallel()
	for r, name := range map[rune]string{
		0x200b: "U+200B (ZERO WIDTH SPACE)", 0xa0: "U+00A0 (NO-BREAK SPACE)", 0xad: "U+00AD (SOFT HYPHEN)", 0x202e: "U+202E (RIGHT-TO-LEFT OVERRIDE)",
		0x2028: "U+2028 (LINE SEPARATOR)", 0x85: "U+0085", 0xfeff: "U+FEFF (ZERO WIDTH NO-BREAK SPACE)", 0x3164: "U+3164 (HANGUL FILLER)",
		0x2060: "U+2060 (WORD JOINER)", 0x2800: "U+2800 (BRAILLE PATTERN BLANK)", 0xe0041: "U+E0041 (TAG LATIN CAPITAL LETTER A)",
	} {
		for _, raw := range []string{"https://example.com/hook" + string(r), string(r) + "https://example.com/hook", "https://exa" + string(r) + "mple.com/"} {
			err := models.CheckCallbackURL("apiCallbackUrl", raw)
			modelstest.WantError(t, err, models.CodeBadUserInput, "apiCallbackUrl")
			var problems models.Problems
			if errors.As(err, &problems) && len(problems) > 1 || !strings.Contains(err.Error(), name) {
				t.Errorf("%q: got %v, want %s", raw, err, name)
			}
		}
	}
}

func TestAllThatIsWrongWithAURLIsSaid(t *testing.T) {
	t.Parallel()
	err := models.CheckCallbackURL("url", "https://user@a..example/\u200b#top")
	for _, want := range []string{"user name", "ZERO WIDTH SPACE", "labels"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func TestAURLWithoutASchemeIsToldSo(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"127.0.0.1:19000/hook", "10.0.0.1:80", "example.com:443/hook", "[::1]:9000/hook", "example.com/hook"} {
		if err := models.CheckCallbackURL("url", raw); err == nil || !strings.Contains(err.Error(), "absolute http or https URL") {
			t.Errorf("%s: %v does not say what is missing", raw, err)
		}
	}
}

func TestAPartOfAURLHidesNoOther(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string][]string{
		"https://u:p@x.example:99999/#f\u200b": {"user name", "fragment", "port between", "ZERO WIDTH SPACE"},
		"https://u@x.example:abc/a b#f":        {"user name", "fragment", "spaces", "not a valid URL"},
		"ftp://u@:0/#" + strings.Repeat("a", models.MaxCallbackURLBytes): {
			"user name", "fragment", "port between", "http or https", "at most 2048 bytes",
		},
	} {
		problems := models.ProblemsOf(models.CheckCallbackURL("url", raw))
		for _, part := range want {
			if !strings.Contains(problems.Error(), part) {
				t.Errorf("%.40q: %v does not say %q", raw, problems, part)
			}
		}
		if len(problems) != len(want) {
			t.Errorf("%.40q: got %d problems, want %d: %v", raw, len(problems), len(want), problems)
		}
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
			modelstest.WantError(t, err, models.CodeBadUserInput, "url")
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
