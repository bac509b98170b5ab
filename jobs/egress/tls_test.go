package egress_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/egress/egresstest"
)

// secure starts a TLS receiver and returns its URL and a client that trusts it.
func secure(t *testing.T, cfg *tls.Config, http2 bool, h http.HandlerFunc) (string, *egress.Client) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2, s.TLS = http2, cfg
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s.URL, clientOf(t, egress.Config{AllowedNetworks: loopback(), Timeout: long, RootCAs: roots})
}

// certificate signs one for itself.
func certificate(t *testing.T, name string, from, to time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: to, DNSNames: []string{name},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if name == "127.0.0.1" {
		template.DNSNames, template.IPAddresses = nil, []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestTLSFailures(t *testing.T) {
	t.Parallel()
	now := time.Now()
	one := func(c tls.Certificate) *tls.Config { return &tls.Config{Certificates: []tls.Certificate{c}} }
	good := certificate(t, "127.0.0.1", now.Add(-time.Hour), now.Add(time.Hour))
	tests := map[string]struct {
		cfg      *tls.Config
		distrust bool
		says     string
	}{
		"self-signed":        {one(good), true, "is not signed by a trusted authority"},
		"expired":            {one(certificate(t, "127.0.0.1", now.Add(-2*time.Hour), now.Add(-time.Hour))), false, "has expired"},
		"wrong name":         {one(certificate(t, "other.example", now.Add(-time.Hour), now.Add(time.Hour))), false, "is for another name"},
		"TLS 1.1":            {&tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false, "TLS"},
		"client certificate": {&tls.Config{Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAnyClientCert}, false, "alert"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var called atomic.Bool
			url, c := secure(t, tt.cfg, false, func(http.ResponseWriter, *http.Request) { called.Store(true) })
			if tt.distrust {
				c = clientOf(t, egress.Config{AllowedNetworks: loopback(), Timeout: long, RootCAs: x509.NewCertPool()})
			}
			res, err := c.Send(t.Context(), request(url+"/hidden"))
			wantCause(t, err, egress.TLSError, tt.says)
			if called.Load() || res.Status != 0 || res.Timings.TLS <= 0 {
				t.Errorf("called %v, %+v", called.Load(), res)
			}
		})
	}
}

func TestTLSToPlainPort(t *testing.T) {
	t.Parallel()
	plain := handler(t, func(http.ResponseWriter, *http.Request) { t.Error("called") })
	_, err := newClient(t, long).Send(t.Context(), request(strings.Replace(plain, "http:", "https:", 1)))
	wantCause(t, err, egress.TLSError, "does not speak TLS")

	mute := egresstest.Raw(t, func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) })
	_, err = newClient(t, short).Send(t.Context(), request("https://"+mute))
	wantCause(t, err, egress.Timeout, "TLS handshake")
}

func TestClosedDuringHandshake(t *testing.T) {
	t.Parallel()
	addr := egresstest.Raw(t, func(conn *net.TCPConn) { _, _ = conn.Read(make([]byte, 1)) })
	_, err := newClient(t, long).Send(t.Context(), request("https://"+addr))
	wantCause(t, err, egress.ConnectionReset, "during the TLS handshake")
}

func TestHTTP2(t *testing.T) {
	t.Parallel()
	url, c := secure(t, nil, true, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, r.Proto+" "+string(body))
	})
	first, err := c.Send(t.Context(), request(url))
	if err != nil {
		t.Fatal(err)
	}
	if string(first.Body) != "HTTP/2.0 status=finished" || first.Timings.TLS <= 0 || first.Timings.FirstByte <= 0 {
		t.Errorf("%q %+v", first.Body, first.Timings)
	}
	second, err := c.Send(t.Context(), request(url))
	if err != nil {
		t.Fatal(err)
	}
	if s := second.Timings; s.Connect != 0 || s.TLS != 0 || s.FirstByte <= 0 {
		t.Errorf("reused: %+v", s)
	}
}

func TestHTTP2Failures(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	url, c := secure(t, nil, true, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		switch r.URL.Path {
		case "/reset":
			panic(http.ErrAbortHandler)
		case "/reset-in-body":
			_, _ = io.WriteString(w, "begin")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case "/flood":
			w.Header().Set("X", strings.Repeat("garbage", 1<<18))
		case "/endless":
			for {
				if _, err := w.Write(bytes.Repeat([]byte("x"), 32<<10)); err != nil {
					return
				}
			}
		case "/redirect":
			http.Redirect(w, r, "/login", http.StatusFound)
		}
	})
	tests := []struct {
		path   string
		want   egress.Cause
		says   string
		status int
	}{
		{"/reset", egress.ConnectionReset, "reset the HTTP/2 stream", 0},
		{"/reset-in-body", egress.ConnectionReset, "reset the HTTP/2 stream", 200},
		{"/flood", egress.ConnectionReset, "", 0},
		{"/endless", egress.ResponseTooLarge, "", 200},
		{"/redirect", egress.Redirect, "302", 302},
	}
	for _, tt := range tests { // one after the other: they share a connection
		calls.Store(0)
		req := request(url + tt.path)
		req.Header.Set("Idempotency-Key", "k")
		res, err := c.Send(t.Context(), req)
		wantCause(t, err, tt.want, tt.says)
		if res.Status != tt.status || calls.Load() != 1 {
			t.Errorf("%s: status %d, %d calls", tt.path, res.Status, calls.Load())
		}
	}
}
