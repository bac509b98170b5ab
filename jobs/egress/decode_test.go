package egress_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"

	"github.com/ringback/ringback/jobs/egress"
)

func gzipped(text string) string {
	return compressed(text, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
}

func zlibbed(text string) string {
	return compressed(text, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
}

func deflated(text string) string {
	return compressed(text, func(w io.Writer) io.WriteCloser { d, _ := flate.NewWriter(w, 9); return d })
}

func compressed(text string, by func(io.Writer) io.WriteCloser) string {
	var b bytes.Buffer
	w := by(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

func utf16LE(text string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		b.WriteByte(byte(unit))
		b.WriteByte(byte(unit >> 8))
	}
	return b.String()
}

// noise does not get smaller by compression.
func noise(n int) string {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b)
	for i := range b {
		b[i] = 'a' + b[i]%32
	}
	return string(b)
}

const greeting = "Привет, мир: «ü» 你好"

func TestBodiesAreDecoded(t *testing.T) {
	t.Parallel()
	const russian = "Привет, мир"
	windows1251, _ := charmap.Windows1251.NewEncoder().String(russian)
	koi8r, _ := charmap.KOI8R.NewEncoder().String(russian)
	jis, _ := japanese.ISO2022JP.NewEncoder().String("こんにちは")
	many := strings.Repeat(greeting, 10_000)
	for name, test := range map[string]struct{ coding, kind, sent, want string }{
		"as it is":                   {"", "text/plain", greeting, greeting},
		"gzip":                       {"gzip", "application/json", gzipped(greeting), greeting},
		"gzip in capitals":           {"GZIP", "", gzipped(greeting), greeting},
		"x-gzip":                     {"x-gzip", "", gzipped(greeting), greeting},
		"two members":                {"gzip", "", gzipped("one ") + gzipped("two"), "one two"},
		"identity":                   {"identity", "", greeting, greeting},
		"deflate":                    {"deflate", "", zlibbed(greeting), greeting},
		"deflate without its header": {"deflate", "", deflated(greeting), greeting},
		"twice":                      {"deflate, gzip", "", gzipped(zlibbed(greeting)), greeting},
		"three times":                {"gzip, gzip, gzip", "", gzipped(gzipped(gzipped(greeting))), ""},
		"not compressed after all":   {"gzip", "", greeting, greeting},
		"compressed and not empty":   {"gzip", "", gzipped(""), ""},
		"nothing":                    {"gzip", "", "", ""},
		"cut off":                    {"gzip", "", gzipped(many)[:100], ""},
		"a broken sum":               {"gzip", "", gzipped(greeting)[:len(gzipped(greeting))-4] + "oops", greeting},
		"garbage behind it":          {"gzip", "", gzipped(greeting) + "garbage", greeting},
		"brotli":                     {"br", "", "\x0b\x02\x80hello\x03", ""},
		"windows-1251":               {"", "text/plain; charset=windows-1251", windows1251, russian},
		"windows-1251, another name": {"", `text/plain; charset="CP1251"`, windows1251, russian},
		"windows-1251, compressed":   {"gzip", "text/html;charset=Windows-1251", gzipped(windows1251), russian},
		"windows-1251 in JSON":       {"", "application/json; charset=windows-1251", windows1251, russian},
		"KOI8-R":                     {"", "text/plain; charset=koi8-r", koi8r, russian},
		"ISO-2022-JP":                {"", "text/plain; charset=iso-2022-jp", jis, "こんにちは"},
		"UTF-16":                     {"", "text/plain; charset=utf-16le", utf16LE("hello"), "hello"},
		"UTF-16 by its mark":         {"", "", "\xff\xfe" + utf16LE(russian), russian},
		"UTF-8 with a mark":          {"", "", "\ufeff{}", "{}"},
		"in the page itself": {
			"", "text/html", `<meta charset="windows-1251">` + windows1251, `<meta charset="windows-1251">` + russian,
		},
		"UTF-8 under another name":   {"", "application/json; charset=iso-8859-1", greeting, greeting},
		"an unknown charset":         {"", "application/json; charset=nonsense", "\xff\xfb", "\xff\xfb"},
		"no UTF-8 under its name":    {"", "application/json; charset=utf-8", "\xff\xfb", "\xff\xfb"},
		"no text":                    {"", "application/octet-stream", "\xff\xfb\x00", "\xff\xfb\x00"},
		"a type that cannot be read": {"", "; ;;", "\xff\xfb", "\xff\xfb"},
		"a bomb":                     {"gzip", "", gzipped(strings.Repeat("0", 8<<20)), strings.Repeat("0", 64<<10)},
		"a bomb in a bomb": {
			"gzip, gzip", "", gzipped(gzipped(strings.Repeat("0", 8<<20))), strings.Repeat("0", 64<<10),
		},
		"a bomb of characters": {
			"", "text/plain; charset=windows-1251", strings.Repeat("\xcf", 64<<10), strings.Repeat("П", 32<<10),
		},
		"larger compressed than kept": {"gzip", "", gzipped(noise(200 << 10)), noise(200 << 10)[:64<<10]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := handler(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", test.kind)
				if test.coding != "" {
					w.Header().Set("Content-Encoding", test.coding)
				}
				_, _ = io.WriteString(w, test.sent)
			})
			res, err := newClient(t, long).Send(t.Context(), request(url))
			if err != nil {
				t.Fatal(err)
			}
			got := string(res.Body)
			if name == "cut off" {
				if !strings.HasPrefix(many, got) || got == "" {
					t.Errorf("got %q", got)
				}
				return
			}
			if name == "larger compressed than kept" && strings.HasPrefix(test.want, got) && len(got) > 60<<10 {
				return
			}
			if got != test.want {
				t.Errorf("got %d bytes: %.100q, want %d: %.100q", len(got), got, len(test.want), test.want)
			}
		})
	}
}

func TestAnswerThatIsKeptWholeIsBoundedDecompressed(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]egress.Cause{
		1 << 20: "", 1<<20 + 1: egress.ResponseTooLarge, 8 << 20: egress.ResponseTooLarge,
	} {
		body := gzipped(strings.Repeat("0", size))
		url := handler(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, body)
		})
		r := request(url)
		r.Keep = 1 << 20
		res, err := newClient(t, long).Send(t.Context(), r)
		if want == "" {
			if err != nil || len(res.Body) != size {
				t.Errorf("%d bytes: got %d, %v", size, len(res.Body), err)
			}
			continue
		}
		wantCause(t, err, want, "1 MiB")
	}
}

func TestAnswerTellsWhetherThereWasMoreOfItsBody(t *testing.T) {
	t.Parallel()
	const keep = 64 << 10
	for name, test := range map[string]struct {
		coding, sent string
		length       string // as declared; empty: as it is
		cut          bool
	}{
		"nothing":                  {},
		"short":                    {sent: "hello"},
		"as much as is kept":       {sent: strings.Repeat("x", keep)},
		"one byte more":            {sent: strings.Repeat("x", keep+1), cut: true},
		"more than is read":        {sent: strings.Repeat("x", 1<<20+1), cut: true},
		"compressed":               {coding: "gzip", sent: gzipped("hello")},
		"compressed and empty":     {coding: "gzip", sent: gzipped("")},
		"a bomb":                   {coding: "gzip", sent: gzipped(strings.Repeat("0", keep+1)), cut: true},
		"brotli":                   {coding: "br", sent: "\x0b\x02\x80hello\x03", cut: true},
		"shorter than it declares": {sent: "hello", length: "100", cut: true},
		"larger by its own word":   {sent: "hello", length: "2000000", cut: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := handler(t, func(w http.ResponseWriter, _ *http.Request) {
				if test.length != "" {
					w.Header().Set("Content-Length", test.length)
				}
				if test.coding != "" {
					w.Header().Set("Content-Encoding", test.coding)
				}
				_, _ = io.WriteString(w, test.sent)
			})
			if res, err := newClient(t, long).Send(t.Context(), request(url)); res.Cut != test.cut || res.Status != 200 {
				t.Errorf("cut: %t with %d bytes, %v", res.Cut, len(res.Body), err)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		"", greeting, gzipped(greeting), zlibbed(greeting), deflated(greeting), gzipped(gzipped(greeting)), "\xff\xfe\x00",
		"\x1b$B",
	} {
		for _, kind := range []string{
			"", "text/html", "text/plain; charset=windows-1251", "text/plain; charset=utf-16", "x; charset=iso-2022-jp",
			"x; charset=gb18030", "x; charset=replacement",
		} {
			f.Add([]byte(body), "gzip", kind)
			f.Add([]byte(body), "deflate,gzip", kind)
			f.Add([]byte(body), "", kind)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, coding, kind string) {
		const keep = 1000
		header := http.Header{"Content-Encoding": {coding}, "Content-Type": {kind}}
		if text, _ := egress.Decode(body, header, keep); len(text) > keep {
			t.Errorf("%d bytes", len(text))
		}
	})
}
