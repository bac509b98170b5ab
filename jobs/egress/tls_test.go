package egress_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
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

func TestTLSFailures(t *testing.T) {
	t.Parallel()
	now := time.Now()
	one := func(c tls.Certificate) *tls.Config { return &tls.Config{Certificates: []tls.Certificate{c}} }
	good := egresstest.Certificate(t, "127.0.0.1", now.Add(-time.Hour), now.Add(time.Hour))
	of := func(change func(c *tls.Config)) *tls.Config {
		c := one(good)
		change(c)
		return c
	}
	alone, middle, root := egresstest.Chain(t)
	whole := alone
	whole.Certificate = append(whole.Certificate, middle, root)
	tests := map[string]struct {
		cfg      *tls.Config
		distrust bool
		says     string
		flaw     egress.Flaw
	}{
		"self-signed": {one(good), true, "is not signed by a trusted authority: it is self-signed", egress.SelfSigned},
		"missing intermediate": {one(alone), true, "that of its issuer, CN=Some Intermediate, was not sent; is an " +
			"intermediate certificate missing?", egress.MissingIntermediate},
		"unknown root": {one(whole), true, "its root, CN=Some Root, is not known here", egress.UnknownIssuer},
		"expired": {
			one(egresstest.Certificate(t, "127.0.0.1", now.Add(-2*time.Hour), now.Add(-time.Hour))), false,
			"has expired on " + now.Add(-time.Hour).UTC().Format("2006-01-02T15:04:05Z"), egress.Expired,
		},
		"not yet valid": {
			one(egresstest.Certificate(t, "127.0.0.1", now.Add(time.Hour), now.Add(2*time.Hour))), false,
			"is not valid before " + now.Add(time.Hour).UTC().Format("2006-01-02T15:04:05Z"), egress.NotYetValid,
		},
		"wrong name": {
			one(egresstest.Certificate(t, "other.example", now.Add(-time.Hour), now.Add(time.Hour))), false,
			"is for another name: it has other.example", egress.WrongName,
		},
		"no name": {
			one(egresstest.Certificate(t, "", now.Add(-time.Hour), now.Add(time.Hour))), false, "is for another name: it has none", egress.WrongName,
		},
		"TLS 1.1": {
			of(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }), false,
			"does not speak TLS 1.2 or later", egress.OldTLS,
		},
		"RSA key exchange": {
			&tls.Config{
				Certificates: []tls.Certificate{ofRSA(t)}, MaxVersion: tls.VersionTLS12,
				CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256},
			},
			false, "has no cipher in common", egress.NoCipher,
		},
		"client certificate": {
			of(func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert }), false, "asks for a client certificate", egress.ClientCertificate,
		},
		"client certificate, TLS 1.2": {
			of(func(c *tls.Config) { c.ClientAuth, c.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12 }), false,
			"asks for a client certificate", egress.ClientCertificate,
		},
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
			wantFlaw(t, err, tt.flaw)
			if called.Load() || res.Status != 0 || res.Timings.TLS <= 0 {
				t.Errorf("called %v, %+v", called.Load(), res)
			}
		})
	}
}

func ofRSA(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(3), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// TestRenegotiationIsNamed: IIS does that to ask for a client certificate. Nothing in Go does, so it is OpenSSL's
// server.
func TestRenegotiationIsNamed(t *testing.T) {
	t.Parallel()
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl")
	}
	good := egresstest.Certificate(t, "127.0.0.1", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	key, err := x509.MarshalPKCS8PrivateKey(good.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	file := t.TempDir() + "/server.pem"
	text := append(
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: good.Certificate[0]})...,
	)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	server := exec.CommandContext(
		t.Context(), openssl, "s_server", "-tls1_2", "-accept", "127.0.0.1:0", "-cert", file, "-key", file,
	)
	stdin, err1 := server.StdinPipe()
	stdout, err2 := server.StdoutPipe()
	if err := errors.Join(err1, err2, server.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	address := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if to, ok := strings.CutPrefix(lines.Text(), "ACCEPT "); ok {
				address <- to
			} else if strings.HasPrefix(lines.Text(), "POST ") {
				_, _ = io.WriteString(stdin, "R\n")
			}
		}
	}()
	roots := x509.NewCertPool()
	leaf, _ := x509.ParseCertificate(good.Certificate[0])
	roots.AddCert(leaf)
	c := clientOf(t, egress.Config{AllowedNetworks: loopback(), Timeout: long, RootCAs: roots})
	_, err = c.Send(t.Context(), request("https://"+<-address+"/"))
	wantCause(t, err, egress.TLSError, "asks for a TLS renegotiation")
}

func TestTLSToPlainPort(t *testing.T) {
	t.Parallel()
	plain := handler(t, func(http.ResponseWriter, *http.Request) { t.Error("called") })
	_, err := newClient(t, long).Send(t.Context(), request(strings.Replace(plain, "http:", "https:", 1)))
	wantCause(t, err, egress.TLSError, "does not speak TLS")
	wantFlaw(t, err, egress.NotTLS)

	mute := egresstest.Raw(t, func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) })
	_, err = newClient(t, short).Send(t.Context(), request("https://"+mute))
	wantCause(t, err, egress.Timeout, "TLS handshake")
	wantFlaw(t, err, egress.BrokenHandshake)
}

func TestClosedDuringHandshake(t *testing.T) {
	t.Parallel()
	addr := egresstest.Raw(t, func(conn *net.TCPConn) { _, _ = conn.Read(make([]byte, 1)) })
	_, err := newClient(t, long).Send(t.Context(), request("https://"+addr))
	wantCause(t, err, egress.ConnectionReset, "during the TLS handshake")
	wantFlaw(t, err, egress.BrokenHandshake)
}

// TestClosedWithinTheHeaders: on TLS the end of the connection is one of TLS.
func TestClosedWithinTheHeaders(t *testing.T) {
	t.Parallel()
	for name, abort := range map[string]bool{"with an alert": false, "without": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, c := secure(t, nil, false, func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Le")
				if secured, ok := conn.(*tls.Conn); ok && abort {
					conn = secured.NetConn()
				}
				_ = conn.Close()
			})
			_, err := c.Send(t.Context(), request(target))
			wantCause(t, err, egress.ConnectionReset, "ended before the answer was complete")
		})
	}
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
