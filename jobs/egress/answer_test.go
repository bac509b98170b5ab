package egress_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/egress/egresstest"
)

func TestStatusesPassThrough(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 201, 202, 204, 226, 400, 401, 404, 410, 418, 429, 500, 503, 599} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			url := handler(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				w.Header().Set("X-Method", r.Method)
				w.Header().Set("X-Got", string(body))
				w.WriteHeader(status)
				if status != 204 {
					_, _ = io.WriteString(w, "thanks")
				}
			})
			res, err := newClient(t, long).Send(t.Context(), request(url+"/hidden?hidden=1"))
			if err != nil {
				t.Fatal(err)
			}
			if res.Status != status || res.Header.Get("X-Method") != "POST" || res.Header.Get("X-Got") != "status=finished" {
				t.Errorf("got %d %v", res.Status, res.Header)
			}
			if want := map[bool]string{true: "", false: "thanks"}[status == 204]; string(res.Body) != want {
				t.Errorf("body %q, want %q", res.Body, want)
			}
			if res.Duration <= 0 || res.Timings.FirstByte <= 0 || res.Timings.Connect <= 0 {
				t.Errorf("times %v %+v", res.Duration, res.Timings)
			}
		})
	}
}

func TestHeadersAreSentAsGiven(t *testing.T) {
	t.Parallel()
	var got http.Header
	var host, encoding string
	url := handler(t, func(_ http.ResponseWriter, r *http.Request) {
		got, host, encoding = r.Header, r.Host, strings.Join(r.TransferEncoding, ",")
	})
	c := newClient(t, long)
	req := request(url)
	req.Header.Set("Host", "elsewhere.example")
	req.Header.Set("Idempotency-Key", "k")
	if _, err := c.Send(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"User-Agent": "Ringback/test", "X-Token": "sesame", "Idempotency-Key": "k",
		"Content-Length": "15", "Accept-Encoding": "", "Content-Type": "",
	}
	for name, value := range want {
		if got.Get(name) != value {
			t.Errorf("%s = %q, want %q", name, got.Get(name), value)
		}
	}
	if len(got) != 4 || "http://"+host != url || encoding != "" {
		t.Errorf("header %v, host %q, encoding %q", got, host, encoding)
	}

	// Without header and body the request is still a POST that is complete.
	if _, err := c.Send(t.Context(), egress.Request{URL: url}); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got.Get("User-Agent") == "" {
		t.Errorf("header %v, want net/http's User-Agent only", got)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{300, 301, 302, 303, 304, 305, 307, 308, 399} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			var followed atomic.Bool
			target := handler(t, func(http.ResponseWriter, *http.Request) { followed.Store(true) })
			url := handler(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", target+"/login")
				w.WriteHeader(status)
			})
			res, err := newClient(t, long).Send(t.Context(), request(url))
			wantCause(t, err, egress.Redirect, strconv.Itoa(status))
			if res.Status != status || res.Header.Get("Location") == "" {
				t.Errorf("got %d %v", res.Status, res.Header)
			}
			if followed.Load() {
				t.Error("the redirect was followed")
			}
		})
	}
}

// TestRedirectNamesItsTargetWithoutTheQuery: a slash that is missing is seen at once then.
func TestRedirectNamesItsTargetWithoutTheQuery(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{
		"/hook/":             ", which leads to http://HOST/hook/; redirects",
		"hook/?token=hidden": ", which leads to http://HOST/a/hook/; redirects",
		"?token=hidden":      ", which leads to http://HOST/a/hook; redirects",
		"#hidden":            ", which leads to http://HOST/a/hook; redirects",
		"//other.example/x":  ", which leads to http://other.example/x; redirects",
		"https://u:hidden@sso.example/login#hidden": ", which leads to https://sso.example/login; redirects",
		"":                   "status 308; redirects",
		"http://[::1/hidden": "status 308; redirects",
		"/\u202e\u200b" + strings.Repeat("é", 500): ", which leads to http://",
	} {
		url := handler(t, func(w http.ResponseWriter, _ *http.Request) {
			if location != "" {
				w.Header().Set("Location", location)
			}
			w.WriteHeader(http.StatusPermanentRedirect)
		})
		_, err := newClient(t, long).Send(t.Context(), request(url+"/a/hook"))
		wantCause(t, err, egress.Redirect, strings.Replace(want, "HOST", strings.TrimPrefix(url, "http://"), 1))
		if e := new(*egress.Error); errors.As(err, e) && ((*e).Flaw == egress.NoTarget) != strings.HasPrefix(want, "status") {
			t.Errorf("%q: the flaw is %q", location, (*e).Flaw)
		}
		if len(err.Error()) > 500 || strings.ContainsAny(err.Error(), "\u202e\u200b") {
			t.Errorf("%d bytes: %q", len(err.Error()), err)
		}
	}
}

// 101 makes net/http give away the bare connection, which no deadline closes.
func TestSwitchingProtocolsDoesNotHang(t *testing.T) {
	t.Parallel()
	url := egresstest.HTTP1(t, func(conn *net.TCPConn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
		_, _ = io.Copy(io.Discard, conn) // until the client closes
	})
	res, err := newClient(t, long).Send(t.Context(), request(url))
	if err != nil || res.Status != 101 {
		t.Errorf("got %d, %v", res.Status, err)
	}
}

// TestStatusOfARefusalCountsWhateverBecomesOfItsBody: who refuses a request before it has read all of it often closes
// the connection.
func TestStatusOfARefusalCountsWhateverBecomesOfItsBody(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"cut off":        "Content-Length: 900\r\n\r\ntoo large",
		"broken":         "Transfer-Encoding: chunked\r\n\r\n9\r\ntoo large\r\nxyz",
		"beyond 1 MiB":   "\r\n" + strings.Repeat("too large", 200_000),
		"declared so":    "Content-Length: 9000000\r\n\r\n",
		"without an end": "\r\ntoo large",
	} {
		for _, status := range []string{"413", "503"} {
			url := "http://" + egresstest.Raw(t, func(conn *net.TCPConn) {
				_, _ = io.CopyN(io.Discard, conn, 100<<10)
				_, _ = io.WriteString(conn, "HTTP/1.1 "+status+" X\r\n"+body)
			})
			res, err := newClient(t, long).Send(t.Context(), egress.Request{URL: url, Body: bytes.Repeat([]byte("x"), 8<<20)})
			if err != nil || strconv.Itoa(res.Status) != status {
				t.Errorf("%s: got %d, %v", name, res.Status, err)
			}
		}
	}
}

func TestBodyLimits(t *testing.T) {
	t.Parallel()
	const keep, most = 64 << 10, 1 << 20
	tests := []struct {
		name     string
		size     int
		declared bool
		kept     int
		tooLarge bool
	}{
		{"empty", 0, true, 0, false},
		{"kept whole", keep, true, keep, false},
		{"one more", keep + 1, true, keep, false},
		{"largest", most, true, keep, false},
		{"largest, chunked", most, false, keep, false},
		{"too large, chunked", most + 1, false, keep, true},
		{"too large, declared", most + 1, true, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url := handler(t, func(w http.ResponseWriter, _ *http.Request) {
				if tt.declared {
					w.Header().Set("Content-Length", strconv.Itoa(tt.size))
				}
				_, _ = w.Write(bytes.Repeat([]byte("x"), tt.size))
			})
			c := newClient(t, long)
			res, err := c.Send(t.Context(), request(url))
			if tt.tooLarge {
				wantCause(t, err, egress.ResponseTooLarge, "1 MiB")
			} else if err != nil {
				t.Fatal(err)
			}
			if res.Status != 200 || len(res.Body) != tt.kept {
				t.Errorf("status %d, %d bytes kept, want %d", res.Status, len(res.Body), tt.kept)
			}
			// A body that was read to its end leaves a connection to use again.
			res, _ = c.Send(t.Context(), request(url))
			if res.Timings.Connect != 0 && !tt.tooLarge {
				t.Error("the connection was not reused")
			}
		})
	}
}

func TestEndlessBody(t *testing.T) {
	t.Parallel()
	url := handler(t, func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 32<<10)); err != nil {
				return
			}
		}
	})
	res, err := newClient(t, long).Send(t.Context(), request(url))
	wantCause(t, err, egress.ResponseTooLarge, "")
	if res.Status != 200 || len(res.Body) != 64<<10 {
		t.Errorf("status %d, %d bytes", res.Status, len(res.Body))
	}
}

func TestDeclared10GB(t *testing.T) {
	t.Parallel()
	url := egresstest.HTTP1(t, func(conn *net.TCPConn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
		_, _ = io.Copy(io.Discard, conn)
	})
	res, err := newClient(t, long).Send(t.Context(), request(url))
	wantCause(t, err, egress.ResponseTooLarge, "")
	if res.Status != 200 {
		t.Errorf("status %d", res.Status)
	}
}

func TestReusedConnectionHasZeroTimings(t *testing.T) {
	t.Parallel()
	url := handler(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	c := newClient(t, long)
	first, err := c.Send(t.Context(), request(url))
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.Send(t.Context(), request(url))
	if err != nil {
		t.Fatal(err)
	}
	if first.Timings.Connect <= 0 || first.Timings.DNS != 0 || first.Timings.TLS != 0 {
		t.Errorf("first: %+v", first.Timings)
	}
	if s := second.Timings; s.DNS != 0 || s.Connect != 0 || s.TLS != 0 || s.FirstByte <= 0 {
		t.Errorf("second: %+v", s)
	}
}

func TestTransportIsGuarded(t *testing.T) {
	t.Parallel()
	tr := egress.Transport(egress.New(egress.Config{}))
	if tr.Proxy != nil {
		t.Error("a proxy would bypass the guard")
	}
	if tr.MaxConnsPerHost != 0 || !tr.DisableCompression || tr.TLSNextProto["h2"] == nil ||
		tr.TLSClientConfig.InsecureSkipVerify {
		t.Errorf("%+v", tr)
	}
	if tr.DialTLSContext != nil || tr.MaxIdleConns != 256 || tr.MaxIdleConnsPerHost != 256 {
		t.Errorf("%+v", tr)
	}
}
