package callback_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

var configured = []models.Header{{Key: "Authorization", Value: "Bearer sesame-open-1"}, {Key: "x-shop", Value: "a"}}

func exchanged(o callback.Outcome) (callback.Exchange, callback.Headers) {
	x := callback.NewExchange(o, configured, []string{"Content-Type"})
	return x, callback.ReadHeaders(string(x.Headers))
}

func received(header http.Header) (callback.Exchange, []callback.HeaderField) {
	x, h := exchanged(callback.Outcome{Received: header})
	return x, h.Received
}

func TestHeadersAreKeptWithoutTheValuesOfConfiguredOnes(t *testing.T) {
	t.Parallel()
	x, got := exchanged(callback.Outcome{
		Sent: http.Header{
			"Authorization": {"Bearer sesame-open-1"}, "x-shop": {"a"}, "Content-Type": {"text/plain"},
			"User-Agent": {"Ringback/1"}, "Traceparent": {"00-1"},
		},
		Received: http.Header{
			"Date": {"now"}, "X-Own": {"one", "two: three"}, "Empty": {""}, "Set-Cookie": {"session=1"},
			"X-Echo": {"you sent sesame-open-1, thanks"}, "Retry-After": {"1"},
		},
	})
	want := callback.Headers{
		Sent: []callback.HeaderField{
			{Name: "Authorization", Value: models.Masked},
			{Name: "Traceparent", Value: "00-1"},
			{Name: "User-Agent", Value: "Ringback/1"},
			{Name: "x-shop", Value: models.Masked},
		},
		Received: []callback.HeaderField{
			{Name: "Retry-After", Value: "1"},
			{Name: "Date", Value: "now"},
			{Name: "Empty"},
			{Name: "Set-Cookie", Value: models.Masked},
			{Name: "X-Echo", Value: "you sent " + models.Masked + ", thanks"},
			{Name: "X-Own", Value: "one"},
			{Name: "X-Own", Value: "two: three"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if strings.Contains(string(x.Headers), "sesame") || strings.Contains(string(x.Headers), "session") ||
		x.HeadersTruncated {
		t.Errorf("stored is %q, truncated: %t", x.Headers, x.HeadersTruncated)
	}
}

func TestNothingIsKeptWhereNoRequestLeft(t *testing.T) {
	t.Parallel()
	x, got := exchanged(callback.Outcome{})
	if x.Headers != nil || got.Sent != nil || got.Received != nil || x.RemoteAddress() != nil || x.HTTPVersion() != nil ||
		x.TLSVersion() != nil {
		t.Errorf("got %+v, %+v", x, got)
	}
}

func TestHeadersOfHostileReceiversAreTextAndBounded(t *testing.T) {
	t.Parallel()
	many := http.Header{"Retry-After": {"7"}}
	for i := range 10_000 {
		many.Set(fmt.Sprintf("A-%05d", i), "x")
	}
	large := http.Header{"Retry-After": {"7"}, "A": {strings.Repeat("a", 20<<10)}, "B": {"fits"}}
	escaped := http.Header{"Retry-After": {"7"}, "A": slices.Repeat([]string{strings.Repeat("\x01", 4000)}, 4)}
	echo := http.Header{"Retry-After": {"7"}, "A": slices.Repeat([]string{strings.Repeat("sesame-open-1,", 700)}, 20)}
	for name, header := range map[string]http.Header{"many": many, "large": large, "escaped": escaped, "echo": echo} {
		x, got := received(header)
		size := 0
		for _, f := range got {
			size += len(f.Name) + len(f.Value)
		}
		if !x.HeadersTruncated || size > 16<<10 || len(got) > callback.MaxHeaderFields ||
			got[0] != (callback.HeaderField{Name: "Retry-After", Value: "7"}) {
			t.Errorf("%s: %d headers of %d bytes, truncated: %t", name, len(got), size, x.HeadersTruncated)
		}
	}
	if _, got := received(large); len(got) != 2 || got[1].Value != "fits" {
		t.Errorf("what is small goes with what is large: %d", len(got))
	}
	_, got := received(http.Header{
		"Odd:\n\xff Name": {"v"}, "Value": {"a\x00b\rc\nd\xffe\u202ef\tg\x7f"}, "": {"none"},
	})
	want := []callback.HeaderField{{Value: "none"}, {Name: "Odd??? Name", Value: "v"}, {
		Name: "Value", Value: "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf\tg\ufffd",
	}}
	want[1].Name = "Odd????Name"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add("Date", "now", "X-Odd", "a\x00b")
	f.Add("\x81", "\x00", "", "\n\n")
	f.Fuzz(func(t *testing.T, name, value, other, text string) {
		x, got := exchanged(callback.Outcome{
			Sent: http.Header{name: {value}}, Received: http.Header{name: {value}, other: {text}},
		})
		for _, field := range append(got.Sent, got.Received...) {
			if !utf8.ValidString(field.Name+field.Value) || strings.ContainsAny(field.Name+field.Value, "\x00\r\n") {
				t.Errorf("%q", field)
			}
		}
		if n := len(got.Received); n != 1 && name == other || n != 2 && name != other && !x.HeadersTruncated {
			t.Errorf("%d headers of %q and %q: %q", n, name, other, x.Headers)
		}
		callback.ReadHeaders(name + value + other + text)
	})
}

func TestSentHeadersAreThoseOfTheRequest(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for _, c := range []*callback.Callback{w.NewCallback(), w.NewTest()} {
		wantSentHeaders(t, w, w.MustClaim(c.ID))
	}
}

func wantSentHeaders(t *testing.T, w *modelstest.World, d *callback.Delivery) {
	t.Helper()
	d.Target.Headers = []tenant.SourcedHeader{{Header: models.Header{Key: "X-Token", Value: "sesame-open-1"}}}
	at := w.Clock.Now()
	d.Start(at)
	sent, err := d.Headers("Ringback/1", at)
	modelstest.NoError(t, err)
	sent.Set("Traceparent", "00-1")
	o := modelstest.Answered(503)
	o.Sent = sent.Clone()
	w.MustSettle(d, o)
	a, c := w.Attempts(d.Callback.ID)[0], w.ReadCallback(d.Callback.ID)
	stored := w.ReadText(models.HeadersText, a.ID)
	sent.Set("X-Token", models.Masked)
	sent.Set("Webhook-Signature", models.Masked)
	got := http.Header{}
	for _, f := range c.SentHeaders(a, callback.ReadHeaders(stored)) {
		got[f.Name] = append(got[f.Name], f.Value)
	}
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Errorf("(-sent +shown):\n%s", diff)
	}
	if strings.Contains(stored, "sesame") {
		t.Errorf("stored is %q", stored)
	}
}

// Whoever sees the signature of a request that is under way can send it, too.
func TestASignatureThatIsSentBackIsMasked(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	d := w.MustClaim(w.NewCallback().ID)
	sent, err := d.Headers("Ringback/1", w.Clock.Now())
	modelstest.NoError(t, err)
	signature := sent.Get("Webhook-Signature")
	escaped, err := json.Marshal(signature)
	modelstest.NoError(t, err)
	o := modelstest.Answered(500)
	o.Sent, o.Received = sent, http.Header{"X-Echo": {"got " + signature}, "X-Other": {"as it is"}}
	o.ResponseBody = []byte("you sent " + string(escaped) + " and " + url.QueryEscape(signature) + ", thanks")
	w.MustSettle(d, o)
	a := w.Attempts(d.Callback.ID)[0]
	_, bare, _ := strings.Cut(signature, ",")
	for what, stored := range map[string]string{
		"body": w.ReadText(models.ResponseBodyText, a.ID), "headers": w.ReadText(models.HeadersText, a.ID),
	} {
		if strings.Contains(stored, bare) || strings.Contains(stored, url.QueryEscape(bare)) || !strings.Contains(stored, models.Masked) {
			t.Errorf("the %s: %q", what, stored)
		}
	}
	if headers := w.ReadText(models.HeadersText, a.ID); !strings.Contains(headers, "as it is") {
		t.Errorf("more is masked: %q", headers)
	}
}

func TestWhatAnAttemptWasSentOnIsKept(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for _, want := range []callback.Connection{
		{},
		{Remote: "203.0.113.10:443", HTTP: "HTTP/1.1", TLS: "TLS 1.3"},
		{Remote: "[2001:db8::10]:8443", HTTP: "HTTP/2.0", TLS: "TLS 1.2", ConnectionReused: true},
		{Remote: "[fe80::1%eth0]:80"},
		{Remote: "127.0.0.1:80", HTTP: "HTTP/1.0"},
	} {
		o := modelstest.Answered(200)
		o.Connection, o.BodyCut = want, want.ConnectionReused
		c := w.Deliver(w.NewCallback().ID, o)
		a := w.Attempts(c.ID)[0]
		if a.Connection != want || a.ResponseBodyTruncated != o.BodyCut || a.HeadersTruncated {
			t.Errorf("got %+v, want %+v", a.Exchange, want)
		}
	}
}

func TestHeadersGoWithTheBodies(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	o := modelstest.OnTheWire(modelstest.Answered(200), models.Header{Key: "X-A", Value: "v"})
	c := w.Deliver(w.NewCallback().ID, o)
	a := w.Attempts(c.ID)[0]
	if w.ReadText(models.HeadersText, a.ID) == "" {
		t.Error("nothing is stored")
	}
	w.Clock.Advance(modelstest.PayloadsFirst.Payloads + time.Microsecond)
	w.MustPurge(modelstest.PayloadsFirst)
	if text := w.ReadText(models.HeadersText, a.ID); text != "" || w.Attempts(c.ID)[0].Connection != o.Connection {
		t.Errorf("left are %q, %+v", text, w.Attempts(c.ID)[0].Connection)
	}
}

func TestRetryAfterSaysWhatWasMadeOfIt(t *testing.T) {
	t.Parallel()
	ended := time.Date(2020, 7, 9, 16, 25, 35, 0, time.UTC)
	failed := &callback.Attempt{FinishedAt: &ended, Error: &callback.AttemptError{Code: callback.HTTPStatusError}}
	for header, want := range map[string]callback.AskedToWait{
		"120":                           {Seconds: new(120), NotBefore: new(ended.Add(2 * time.Minute))},
		"0":                             {Seconds: new(0)},
		"86400":                         {Seconds: new(86400), NotBefore: new(ended.Add(24 * time.Hour))},
		"86401":                         {Seconds: new(86400), NotBefore: new(ended.Add(24 * time.Hour)), Capped: true},
		"99999999999999999999":          {Seconds: new(86400), NotBefore: new(ended.Add(24 * time.Hour)), Capped: true},
		"Thu, 09 Jul 2020 16:26:35 GMT": {Seconds: new(60), NotBefore: new(ended.Add(time.Minute))},
		"Thu, 09 Jul 2019 16:26:35 GMT": {Seconds: new(0)},
		"Thu, 09 Jul 2099 16:26:35 GMT": {Seconds: new(86400), NotBefore: new(ended.Add(24 * time.Hour)), Capped: true},
		"soon":                          {}, "-1": {}, "1.5": {},
	} {
		_, fields := received(http.Header{"Retry-After": {header}})
		got := failed.RetryAfter(callback.Headers{Received: fields})
		want.Header = header
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", header, diff)
		}
		if (&callback.Attempt{FinishedAt: &ended}).RetryAfter(callback.Headers{Received: fields}) != nil {
			t.Error("of a success nothing is made of it")
		}
	}
	if failed.RetryAfter(callback.Headers{}) != nil {
		t.Error("there is none")
	}
}

func TestTriggersOfAttempts(t *testing.T) {
	t.Parallel()
	original := int64(1)
	for _, tc := range []struct {
		c      callback.Callback
		number int
		want   callback.Trigger
	}{
		{callback.Callback{}, 1, callback.TriggerFirst},
		{callback.Callback{}, 2, callback.TriggerRetry},
		{callback.Callback{ReplayOfID: &original}, 1, callback.TriggerReplay},
		{callback.Callback{ReplayOfID: &original}, 2, callback.TriggerRetry},
		{callback.Callback{Event: "TEST"}, 1, callback.TriggerTest},
	} {
		if got := tc.c.Trigger(&callback.Attempt{Number: tc.number}); got != tc.want {
			t.Errorf("%+v: %s", tc, got)
		}
	}
}
