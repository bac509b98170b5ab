package jobs

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/http2"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/egress/egresstest"
	"github.com/ringback/ringback/jobs/scheduler"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// exchangeWith delivers a callback to a receiver, and returns its attempt with the headers.
func exchangeWith(t *testing.T, url string, out *egress.Client) (*callback.Attempt, callback.Headers) {
	t.Helper()
	w := newWorld(t, nil, callback.Schedule{}, answer(200))
	w.setURL(t, &url)
	d := newDeliverer(t, w)
	d.client = out
	return exchange(t, w, d)
}

func exchange(t *testing.T, w *world, d *deliverer) (*callback.Attempt, callback.Headers) {
	t.Helper()
	c := w.newCallback(t)
	deliver(t.Context(), t, w, d, c.ID)
	a := w.attempts(t, c.ID)[0]
	texts := must[map[int64]string](t)(w.wiring.Store.Texts(
		t.Context(), models.PlatformActor().Scope(models.RoleViewer), models.HeadersText, a.ID))
	return a, callback.ReadHeaders(texts[a.ID])
}

// TestHostileHeadersAreStoredAsBoundedText: from the socket to the database, which refuses bytes that are no text.
func TestHostileHeadersAreStoredAsBoundedText(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for range 9_000 { // 63 KiB: with more of them the answer is none
		many.WriteString("a: b\r\n")
	}
	for name, header := range map[string]string{
		"many":             many.String(),
		"long":             "A: " + strings.Repeat("x", 60<<10) + "\r\n",
		"no UTF-8":         "A: \xff\xfe\xc3\r\n",
		"a tab and a fold": "A: b\tc\r\n d\r\n",
		"no ASCII":         "A: \u202e\u00ad\u2066\u0085\r\n",
		"none":             "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			receiver := egresstest.HTTP1(t, egresstest.Text(
				"HTTP/1.1 503 X\r\n"+header+"Retry-After: 9\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"))
			a, h := exchangeWith(t, receiver, newPatientOut(t, modelstest.Patience))
			size := 0
			for _, f := range h.Received {
				size += len(f.Name) + len(f.Value)
				if !utf8.ValidString(f.Value) || strings.ContainsAny(f.Value, "\r\n\u202e\u0085") {
					t.Errorf("%q", f)
				}
			}
			if a.HTTPStatus == nil || size > 16<<10 || len(h.Received) == 0 || h.Received[0].Value != "9" ||
				a.HeadersTruncated != (name == "many" || name == "long") {
				t.Errorf("%d headers of %d bytes, truncated: %t, %+v", len(h.Received), size, a.HeadersTruncated, a.Error)
			}
			if asked := a.RetryAfter(h); asked == nil || *asked.Seconds != 9 {
				t.Errorf("asked to wait %+v", asked)
			}
		})
	}
}

func TestAnswersThatAreNoneHaveNoHeaders(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{
		"a NUL": "A: b\x00c\r\n", "a carriage return": "A: b\rc\r\n", "an escape": "A: \x1b[31m\r\n", "over 64 KiB": strings.Repeat("a: b\r\n", 20_000), "no name": ": b\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			receiver := egresstest.HTTP1(t, egresstest.Text("HTTP/1.1 200 OK\r\n"+header+"\r\n"))
			a, h := exchangeWith(t, receiver, newPatientOut(t, modelstest.Patience))
			host := must[*url.URL](t)(url.Parse(receiver)).Host
			if a.Remote != host || len(h.Sent) == 0 || a.HTTPStatus != nil || len(h.Received) > 0 {
				t.Errorf("got %+v, %+v", a.Exchange, h)
			}
		})
	}
}

func TestAttemptTellsWhatItWasSentOn(t *testing.T) {
	t.Parallel()
	receiver, roots := egresstest.HTTP2(t, func(w *http2.Framer, stream uint32) {
		egresstest.WriteHeaders(w, stream, egresstest.Fields(":status", "200", "x-own", "a\xffb"))
	})
	out := egress.New(egress.Config{
		AllowedNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, RootCAs: roots, Timeout: modelstest.Patience,
	})
	t.Cleanup(out.CloseIdle)
	w := newWorld(t, nil, callback.Schedule{}, answer(200))
	w.setURL(t, &receiver)
	d := newDeliverer(t, w)
	d.client = out
	want := callback.Connection{Remote: must[*url.URL](t)(url.Parse(receiver)).Host, HTTP: "HTTP/2.0", TLS: "TLS 1.3"}
	a, h := exchange(t, w, d)
	if a.Connection != want || len(h.Received) != 1 || h.Received[0].Value != "a\ufffdb" {
		t.Errorf("got %+v, %+v, want %+v", a.Connection, h, want)
	}
	want.ConnectionReused = true // where the next comes before the idle connection is closed, after 1.5 s
	for i := 0; a.Connection != want; i++ {
		if a, _ = exchange(t, w, d); i == 50 {
			t.Fatalf("got %+v, want %+v", a.Connection, want)
		}
	}
	refused := "http://127.0.0.1:1/"
	a, h = exchangeWith(t, refused, newOut(t))
	if a.Connection != (callback.Connection{}) || a.HTTPStatus != nil || len(h.Sent) != 0 || len(h.Received) != 0 {
		t.Errorf("refused: %+v, %+v", a, h)
	}
}

func TestCallOfAnExecutorTellsWhatItWasSentOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, callback.Schedule{}, http.NotFound)
	receiver := egresstest.HTTP1(t, egresstest.Text("HTTP/1.1 422 X\r\nX-Own: a\r\nContent-Length: 2\r\n\r\n{}"))
	e, x := newExecution(t, w, receiver, newOut(t))
	e.execute(t.Context(), x, func(scheduler.Answer) {})
	texts := must[map[int64]string](t)(w.wiring.Store.Texts(
		t.Context(), models.PlatformActor().Scope(models.RoleViewer), models.CallHeadersText, x.Attempt.ID))
	h := callback.ReadHeaders(texts[x.Attempt.ID])
	sent := http.Header{}
	for _, f := range x.Attempt.SentHeaders(h) {
		sent.Add(f.Name, f.Value)
	}
	want := callback.HeaderField{Name: "X-Own", Value: "a"}
	if x.Attempt.Remote == "" || len(h.Received) != 2 || h.Received[1] != want ||
		sent.Get("X-Batch-Attempt") != x.Attempt.UID.String() || sent.Get("User-Agent") == "" {
		t.Errorf("got %+v, sent %v, received %v", x.Attempt.Exchange, sent, h.Received)
	}
}

// TestAFlawIsKeptWithTheAttempt: what to do about it is more to the point than about its cause.
func TestAFlawIsKeptWithTheAttempt(t *testing.T) {
	t.Parallel()
	now := time.Now()
	expired := egresstest.Certificate(t, "127.0.0.1", now.Add(-2*time.Hour), now.Add(-time.Hour))
	for name, tt := range map[string]struct {
		url    string
		code   callback.AttemptErrorCode
		remedy string
	}{
		"expired": {
			secured(t, &tls.Config{Certificates: []tls.Certificate{expired}}), callback.TLSError, "which has expired",
		},
		"no TLS":                {"https://" + egresstest.Raw(t, func(c *net.TCPConn) { _, _ = c.Read(make([]byte, 1)) }), callback.ConnectionReset, "openssl s_client"},
		"a status of redirects": {egresstest.HTTP1(t, egresstest.Text("HTTP/1.1 304 \r\n\r\n")), callback.Redirect, "200 to 204"},
		"refused":               {"https://" + egresstest.ClosedAddr(t), callback.ConnectRefused, "listens on the URL's port"},
		"a private address":     {"http://10.0.0.9/", callback.BlockedAddress, "RINGBACK_ALLOWED_NETWORKS"},
		"a port of mail":        {"http://127.0.0.1:25/", callback.BlockedAddress, "RINGBACK_ALLOWED_PORTS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _ := exchangeWith(t, tt.url, newPatientOut(t, modelstest.Patience))
			both := strings.Contains(*a.Remedy(), "NETWORKS") && strings.Contains(*a.Remedy(), "PORTS")
			if a.Error == nil || a.Error.Code != tt.code || !strings.Contains(*a.Remedy(), tt.remedy) || both {
				t.Errorf("%+v, %q", a.Error, models.TextOrEmpty(a.Remedy()))
			}
		})
	}
}

// TestFlawsHaveTheSameWordsEverywhere: those of egress become those of the domain.
func TestFlawsHaveTheSameWordsEverywhere(t *testing.T) {
	t.Parallel()
	of := []egress.Flaw{
		egress.Expired, egress.NotYetValid, egress.WrongName, egress.SelfSigned, egress.UnknownIssuer, egress.MissingIntermediate,
		egress.ClientCertificate, egress.NotTLS, egress.OldTLS, egress.NoCipher, egress.UnknownName, egress.BrokenHandshake,
		egress.NoTarget, egress.DeniedAddress, egress.DeniedPort,
	}
	for i, flaw := range callback.Flaws() {
		if string(of[i]) != string(flaw) {
			t.Errorf("%s is %s", of[i], flaw)
		}
	}
	for _, remedy := range []string{unreadable, verifySignature, verifyTimestamp, verifyBoth} {
		modelstest.WantRemedy(t, "the doctor's own", &remedy)
	}
}
