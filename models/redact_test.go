package models_test

import (
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ringback/ringback/models"
)

const masked = models.Masked

func TestEveryWordOfAHeaderIsMaskedInEverySpelling(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ value, body, want string }{
		"in a cookie": {"session=SECRETVALUE; a=b", "got SECRETVALUE.", "got " + masked + "."},
		"in a cookie, whole": {
			"session=SECRETVALUE; a=b", `{"cookie":"session=SECRETVALUE; a=b"}`, `{"cookie":"` + masked + `"}`,
		},
		"in a cookie, the other words": {
			"session=SECRETVALUE; a=b", "a session has begun: a=b", "a session has begun: a=b",
		},
		"in quotes": {
			`Digest nonce="7ypf/xlj9XXwfDPE", qop=auth`, "nonce 7ypf/xlj9XXwfDPE", "nonce " + masked,
		},
		"in single quotes": {`Token 'your-token'`, "your-token!", masked + "!"},
		// no word of them is a secret
		"with words in quotes": {`k="your token is"`, `<your token is>`, `<your token is>`},
		"between commas":       {"one,your-token,two", "your-token", masked},
		"behind a user":        {"user:your-password", "your-password", masked},
		"in a form":            {"a=1&token=your-token", "your-token", masked},
		"padded": {
			"Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA== and dXNlcjpwYXNzd29yZA.", masked + " and dXNlcjpwYXNzd29yZA.",
		},
		`with JSON's \/`:              {"your/token", `{"t":"your\/token"}`, `{"t":"` + masked + `"}`},
		`with JSON's \u0026`:          {"your&secret=token", `{"t":"your\u0026secret=token"}`, `{"t":"` + masked + `"}`},
		`with JSON's \u0022`:          {`your"secret-token`, `{"t":"your\u0022secret-token"}`, `{"t":"` + masked + `"}`},
		`with JSON's \u003C in upper`: {`your<token>`, `{"t":"your\u003Ctoken\u003e"}`, `{"t":"` + masked + `"}`},
		"all in JSON's escapes": {
			"abcdefgh", `"\u0061\u0062\u0063\u0064\u0065\u0066\u0067\u0068"`, `"` + masked + `"`,
		},
		"JSON's tab": {"your\ttoken!", `"your\ttoken!"`, `"` + masked + `"`},
		"in JSON in JSON": {
			`your"tok/en`, `{"a":"{\"b\":\"your\\\"tok\\\/en\"}"}`, `{"a":"{\"b\":\"` + masked + `\"}"}`,
		},
		"percent-encoded in lower case":  {"your/token+1=", "t=your%2ftoken%2b1%3d", "t=" + masked},
		"percent-encoded twice":          {"your/token+1=", "t=your%252Ftoken%252B1%253D", "t=" + masked},
		"percent-encoded here and there": {"your/token+1=", "t=your%2ftoken+1%3D&x", "t=" + masked + "&x"},
		"blanks in a form":               {"Bearer your token", "a=Bearer+your+token", "a=" + masked},
		"in HTML": {
			`your"<&>'token`, "<p>your&quot;&lt;&amp;&gt;&#39;token</p>", "<p>" + masked + "</p>",
		},
		"in HTML by number": {`your/token`, "your&#x2F;token your&#47;token", masked + " " + masked},
		"a word with escapes in it": {
			"your%2Ftoken", "your%2Ftoken your%252Ftoken your/token", masked + " " + masked + " " + masked,
		},
		"a word that is little but those": {"%41%42%43", "[%41%42%43] ABC", "[" + masked + "] ABC"},
		"cut off in an escape":            {"your-token/and/more", `{"t":"your-token\/and\u00`, `{"t":"` + masked},
		"cut off in an escape of a URL":   {"your-token/and/more", `t=your-token%2Fand%2`, `t=` + masked},
		"cut off in one of HTML":          {"your-token/and/more", `your-token&#x2F;and&#x2`, masked},
		"cut off within a cookie":         {"session=SECRETVALUE-AND-MORE; a=b", "got SECRETVALUE-A", "got " + masked},
		"behind what looks like an escape": {
			"deadbeef-token", `100%deadbeef-token C:\udeadbeef-token`,
			"100%" + masked + ` C:\u` + masked,
		},
		"beside each other": {"abcdefgh", "abcdefghabcdefgh", masked},
		"in each other":     {"abcabcab cabcabca", "xabcabcabcabcabcax", "x" + masked + "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := string(models.Redact([]byte(test.body), []models.Header{named(test.value)})); got != test.want {
				t.Errorf("%q became %q, want %q", test.body, got, test.want)
			}
		})
	}
}

// encoders are ways in which an answer repeats a value.
var encoders = map[string]func(string) string{
	"as it is": func(s string) string { return s },
	"JSON":     func(s string) string { b, _ := json.Marshal(s); return strings.Trim(string(b), `"`) },
	"JSON, all escaped": func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, []string{`\u%04x`, `\u%04X`}[i%2], s[i])
		}
		return b.String()
	},
	"JSON for old browsers": func(s string) string {
		b, _ := json.Marshal(s)
		return strings.ReplaceAll(strings.Trim(string(b), `"`), "/", `\/`)
	},
	"form":             url.QueryEscape,
	"form, lower case": func(s string) string { return lowerEscapes(url.QueryEscape(s)) },
	"path":             url.PathEscape,
	"HTML":             html.EscapeString,
	"HTML with numbers": func(s string) string {
		return strings.NewReplacer("&", "&#38;", "<", "&#60;", `"`, "&#x22;", "/", "&#x2F;").Replace(s)
	},
}

func lowerEscapes(s string) string {
	b := []byte(s)
	for i := range b {
		if b[i] == '%' {
			copy(b[i+1:i+3], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

// A value is found in an answer, written in one way and that in another.
func TestNoSpellingShowsAHeaderValue(t *testing.T) {
	t.Parallel()
	names := make([]string, 0, len(encoders))
	for name := range encoders {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(t *rapid.T) {
		// Of the characters that make escapes only those that do not make one by chance: "%41" is taken for "A", wherever it
		// stands.
		value := rapid.StringMatching(
			`[A-Za-z0-9+/=_.~!@#$^*()<>{}"' :;,-]{0,20}[%&\\]?[G-Zg-sv-z+/=_.~-]{8,30}`,
		).Draw(t, "value")
		inner, outer := rapid.SampledFrom(names).Draw(t, "inner"), rapid.SampledFrom(names).Draw(t, "outer")
		written := encoders[outer](encoders[inner](value))
		before, after := rapid.SampledFrom(
			[]string{"", "x", "\n", `{"t":"`, "?t=", "<p>"},
		).Draw(t, "before"), rapid.SampledFrom([]string{"", "x", "\n", `"}`, "&b", "</p>"}).Draw(t, "after")
		got := string(models.Redact([]byte(before+written+after), []models.Header{named(value)}))
		if got != before+masked+after {
			t.Fatalf("%q, %s in %s, %q, became %q", value, inner, outer, before+written+after, got)
		}
	})
}

// At the end of a value an escape seems to be cut off; in an answer it is seen to be none.
func TestValueThatEndsAsAnEscapeBeginsIsFound(t *testing.T) {
	t.Parallel()
	const value = "+&GGGGGGGG"
	for _, written := range []string{value, "+&amp;GGGGGGGG", "+&amp;amp;GGGGGGGG", "%2B%26GGGGGGGG"} {
		for _, after := range []string{"", "\n", "</p>"} {
			if got := string(models.Redact([]byte(written+after), []models.Header{named(value)})); got != masked+after {
				t.Errorf("%q became %q", written+after, got)
			}
		}
	}
}

// The automaton finds what a search for each word finds.
func TestRedactingFindsWhatASearchFinds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.StringMatching(`[ab]{8,12}`), 1, 6).Draw(t, "values")
		body := rapid.StringMatching(`[ab]{0,60}c`).Draw(t, "body")
		hide := make([]bool, len(body))
		var headers []models.Header
		for _, value := range values {
			headers = append(headers, named(value))
			for i := range body {
				if strings.HasPrefix(body[i:], value) {
					for j := range value {
						hide[i+j] = true
					}
				}
			}
		}
		var want strings.Builder
		for i, hidden := range hide {
			if !hidden {
				want.WriteByte(body[i])
			} else if i == 0 || !hide[i-1] {
				want.WriteString(masked)
			}
		}
		if got := string(models.Redact([]byte(body), headers)); got != want.String() {
			t.Fatalf("got %q, want %q", got, want.String())
		}
	})
}

func FuzzRedact(f *testing.F) {
	for _, body := range []string{
		`\`, `\\\`, `\u`, `\u12`, "%", "%2", "%25", "%2525", "&", "&#", "&#x;", "&#99999999999;", "&amp", "+", "\xff\x00",
		"your-tok",
	} {
		f.Add("your-token "+body, body+" your-token"+body)
	}
	f.Fuzz(func(t *testing.T, value, body string) {
		got := string(models.Redact([]byte(body), []models.Header{named(value)}))
		if len(value) >= 8 && !strings.ContainsAny(value, `\%&+`) &&
			strings.Contains(strings.ReplaceAll(got, masked, "\n"), value) && !strings.Contains(value, "\n") {
			t.Errorf("%q in %q became %q", value, body, got)
		}
	})
}

func TestRedactingIsBoundedByTheLimitsOnHeaders(t *testing.T) {
	t.Parallel()
	for _, length := range []int{8, 40, models.MaxHeaderBytes} {
		headers := append(longHeaders(length), longHeaders(length)...) // an account's and a project's
		for i := range headers {
			value := headers[i].Value.Reveal()
			headers[i] = named(fmt.Sprintf("%02d", i) + strings.ReplaceAll(value, ".", "=")[:len(value)-2])
		}
		if states := models.RedactStates(headers, 1<<20); states > 640<<10 {
			t.Errorf("words of %d bytes: %d states", length, states)
		}
		if states := models.RedactStates(headers, 100); states > 640<<10/4 {
			t.Errorf("words of %d bytes, for a short answer: %d states", length, states)
		}
	}
}

func named(value string) models.Header { return models.Header{Key: "X-A", Value: models.Secret(value)} }

// longHeaders are as many and as long as they can be, made of words of a length.
func longHeaders(word int) []models.Header {
	random := rand.New(rand.NewPCG(1, 2))
	headers := make([]models.Header, models.MaxHeaders)
	for i := range headers {
		headers[i] = named(randomWords(random, models.MaxHeaderBytes, word))
	}
	return headers
}

// randomWords are n bytes of words of a length, with blanks between them.
func randomWords(random *rand.Rand, n, word int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./"
	var text strings.Builder
	for i := range n {
		if i%(word+1) == word {
			text.WriteByte(' ')
		} else {
			text.WriteByte(letters[random.IntN(len(letters))])
		}
	}
	return text.String()
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func BenchmarkRedact(b *testing.B) {
	const answer = 64 << 10
	random := rand.New(rand.NewPCG(3, 4))
	echo := func(headers []models.Header) string {
		var text strings.Builder
		for text.Len() < answer {
			for _, h := range headers {
				text.WriteString(strings.ReplaceAll(h.Value.Reveal(), "/", `\/`) + "\n")
			}
		}
		return text.String()[:answer]
	}
	usual := []models.Header{named("Bearer your-token-is-long-enough")}
	same := []models.Header{named(strings.Repeat("a", models.MaxHeaderBytes))}
	for name, c := range map[string]struct {
		headers []models.Header
		body    string
	}{
		"usual/short":                  {usual, `{"status":"ok"}`},
		"usual/64 KiB":                 {usual, randomWords(random, answer, 7)},
		"20 of one word/64 KiB":        {longHeaders(models.MaxHeaderBytes), randomWords(random, answer, 7)},
		"20 of one word/echo":          {longHeaders(models.MaxHeaderBytes), echo(longHeaders(models.MaxHeaderBytes))},
		"20 of short words/short":      {longHeaders(8), `{"status":"ok"}`},
		"20 of short words/echo":       {longHeaders(8), echo(longHeaders(8))},
		"20 of blanks in words/64 KiB": {longHeaders(40), randomWords(random, answer, 40)},
		"one letter/echo":              {same, strings.Repeat("a", answer)},
	} {
		b.Run(name, func(b *testing.B) {
			before := cpuTime()
			for b.Loop() {
				models.Redact([]byte(c.body), c.headers)
			}
			b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op") // of a machine that has other work too
		})
	}
}
