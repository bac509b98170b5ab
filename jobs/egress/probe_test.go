package egress_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/egress/egresstest"
)

// aSentence is one that begins with what to do.
var aSentence = regexp.MustCompile(`^[A-Z][a-z]+ [^.]*(\.[a-zA-Z0-9][^.]*)*\.$`)

// probed is what a probe reports, in one line for each stage.
func probed(t *testing.T, c *egress.Client, target string) (steps []egress.Step, passable bool) {
	t.Helper()
	passable = c.Probe(t.Context(), target, func(s egress.Step) { steps = append(steps, s) })
	want := []egress.Stage{egress.StageURL, egress.StageDNS, egress.StageAddress, egress.StageTCP, egress.StageTLS}
	var stages []egress.Stage
	for _, s := range steps {
		stages = append(stages, s.Stage)
		if (s.Status == egress.StepFailed) != (s.Cause != "") {
			t.Errorf("%+v", s)
		}
		if (s.Status == egress.StepWarning || s.Remedy != "") && !aSentence.MatchString(s.Remedy) {
			t.Errorf("the remedy is no sentence: %+v", s)
		}
		for _, secret := range []string{"sesame", "hidden"} {
			if strings.Contains(s.Detail, secret) {
				t.Errorf("%q tells %q", s.Detail, secret)
			}
		}
	}
	if !slices.Equal(stages, want) {
		t.Fatalf("stages %v", stages)
	}
	return steps, passable
}

// wantSteps compares the beginnings of the statuses, such as "WOOFS", and what the first that is not OK or skipped
// says.
func wantSteps(t *testing.T, steps []egress.Step, statuses, says, remedy string) {
	t.Helper()
	got := ""
	said := false
	for _, s := range steps {
		got += string(s.Status[0])
		said = said || strings.Contains(s.Detail, says) && strings.Contains(s.Remedy+string(s.Flaw), remedy)
	}
	if got != statuses || !said {
		t.Errorf("%s, want %s, %q and %q: %+v", got, statuses, says, remedy, steps)
	}
}

func TestProbeOfPlainHTTP(t *testing.T) {
	t.Parallel()
	target := handler(t, func(http.ResponseWriter, *http.Request) { t.Error("a probe sends no request") })
	steps, passable := probed(t, newClient(t, long), target+"/sesame?hidden")
	wantSteps(t, steps, "WSOOS", "plain http", "over https")
	if !passable {
		t.Error("not passable")
	}
}

func TestProbeShowsWhatStandsInTheWay(t *testing.T) {
	t.Parallel()
	closed := egresstest.ClosedAddr(t)
	mute := egresstest.Raw(t, func(conn *net.TCPConn) { _, _ = conn.Read(make([]byte, 1)) })
	open := egresstest.Raw(t, func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) })
	_, openPort, _ := net.SplitHostPort(open)
	names := map[string][]netip.Addr{
		"half.example":    addrs("10.0.0.9", "127.0.0.1"),
		"private.example": addrs("10.0.0.9", "192.168.1.1"),
		"one.example":     addrs("127.0.0.1", "127.9.9.9"),
		"many.example":    slices.Repeat(addrs("127.0.0.1"), 50),
	}
	c := clientOf(t, egress.Config{AllowedNetworks: loopback(), Timeout: long})
	egress.SetResolver(c, resolver(func(name string) []netip.Addr { return names[name] }))
	at := func(scheme, name string) string {
		return scheme + "://" + net.JoinHostPort(name, openPort) + "/hidden"
	}
	tests := map[string]struct{ target, statuses, says, remedy string }{
		"no URL":       {"ftp://sesame", "FSSSS", "does not begin with http", ""},
		"unknown name": {at("https", "nobody.example"), "OFSSS", "nobody.example could not be resolved", ""},
		"one private": {
			at("http", "half.example"), "WOWOS", "1 of 2 addresses of half.example are not public",
			"out of the name's DNS records",
		},
		"all private": {
			at("https", "private.example"), "OOFSS", "no address of private.example is public", "DENIED_ADDRESS",
		},
		"private address": {
			"https://10.0.0.9/", "OSFSS", "no address of 10.0.0.9 is public", "DENIED_ADDRESS",
		},
		"many addresses": {
			at("http", "many.example"), "WOWOS", "many.example has 50 addresses, of which the first 16 are tried", "at most 16 addresses",
		},
		"mail":           {"https://127.0.0.1:25/", "OSFSS", "the port 25 is not allowed", "DENIED_PORT"},
		"nobody listens": {"https://" + closed, "OSOFS", closed + " refused the connection", ""},
		"one address refuses": {
			at("http", "one.example"), "WOOWS", "127.9.9.9:" + openPort + " refused the connection", "every address",
		},
		"no TLS": {"https://" + mute, "OSOOF", "closed the connection during the TLS handshake", "HANDSHAKE"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			steps, passable := probed(t, c, tt.target)
			wantSteps(t, steps, tt.statuses, tt.says, tt.remedy)
			if passable == strings.Contains(tt.statuses, "F") {
				t.Errorf("passable: %v", passable)
			}
			for _, s := range steps[1:] {
				if !strings.Contains(tt.target, "10.0.0.9") && strings.Contains(s.Detail, "10.0.0.9") {
					t.Errorf("%q tells of a private address", s.Detail)
				}
			}
		})
	}
}

func TestProbeOfTLS(t *testing.T) {
	t.Parallel()
	now := time.Now()
	one := func(c tls.Certificate) *tls.Config { return &tls.Config{Certificates: []tls.Certificate{c}} }
	alone, middle, root := egresstest.Chain(t)
	whole := alone
	whole.Certificate = append(slices.Clone(whole.Certificate), middle)
	roots := x509.NewCertPool()
	rootCert, err := x509.ParseCertificate(root)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(rootCert)
	year := egresstest.Certificate(t, "127.0.0.1", now.Add(-time.Hour), now.Add(365*24*time.Hour))
	tests := map[string]struct {
		cfg                    *tls.Config
		roots                  *x509.CertPool // nil: the certificate itself
		statuses, says, remedy string
	}{
		"good": {one(year), nil, "OSOOO", "TLS 1.3 with TLS_AES_128_GCM_SHA256, HTTP/1.1. The certificate " +
			"is for 127.0.0.1, and valid until", ""},
		"an hour left": {one(whole), roots, "OSOOW", "CN=leaf, signed by CN=Some Intermediate, signed by CN=Some " +
			"Root", "Renew the certificate"},
		"missing intermediate": {
			one(alone), roots, "OSOOF", "is an intermediate certificate missing?. It sent: CN=leaf", "MISSING_INTERMEDIATE",
		},
		"self-signed": {one(year), x509.NewCertPool(), "OSOOF", "it is self-signed", "SELF_SIGNED"},
		"expired": {
			one(egresstest.Certificate(t, "127.0.0.1", now.Add(-2*time.Hour), now.Add(-time.Hour))), nil, "OSOOF", "has expired on",
			"EXPIRED",
		},
		"wrong name": {
			one(egresstest.Certificate(t, "other.example", now.Add(-time.Hour), now.Add(time.Hour))), nil, "OSOOF", "it has other.example",
			"WRONG_NAME",
		},
		"TLS 1.1": {
			&tls.Config{Certificates: []tls.Certificate{year}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, nil,
			"OSOOF", "does not speak TLS 1.2 or later", "OLD_TLS",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, c := secure(
				t, tt.cfg, false, func(http.ResponseWriter, *http.Request) { t.Error("a probe sends no request") },
			)
			if tt.roots != nil {
				c = clientOf(t, egress.Config{AllowedNetworks: loopback(), Timeout: long, RootCAs: tt.roots})
			}
			steps, _ := probed(t, c, target)
			wantSteps(t, steps, tt.statuses, tt.says, tt.remedy)
		})
	}
}

// TestProbeIsBounded: a host that neither takes nor refuses connections.
func TestProbeIsBounded(t *testing.T) {
	t.Parallel()
	open := egresstest.Raw(t, func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) })
	ctx, cancel := context.WithTimeout(t.Context(), short)
	defer cancel()
	var last egress.Step
	begun := time.Now()
	passable := newClient(t, long).Probe(ctx, "https://"+open, func(s egress.Step) { last = s })
	if passable || last.Cause != egress.Timeout || time.Since(begun) > 10*short {
		t.Errorf("%v, %+v after %s", passable, last, time.Since(begun))
	}
}

// TestAddressesAreJudgedAsTheyAreWhenACallbackLeaves: nothing is connected to.
func TestAddressesAreJudgedAsTheyAreWhenACallbackLeaves(t *testing.T) {
	t.Parallel()
	c := clientOf(t, egress.Config{Timeout: long})
	egress.SetResolver(c, resolver(func(string) []netip.Addr { return addrs("93.184.216.34", "10.0.0.9") }))
	found, allowed, err := c.Addresses(t.Context(), "https://hooks.example:22/")
	if err != nil || allowed || len(found) != 2 {
		t.Fatalf("%v, %v, %v", found, allowed, err)
	}
	for _, a := range found {
		if a.Allowed() != (a.Addr.String() == "93.184.216.34") {
			t.Errorf("%s: allowed is %v", a.Addr, a.Allowed())
		}
	}
	_, _, err = c.Addresses(t.Context(), "https://")
	wantCause(t, err, egress.InvalidURL, "no host")
}

// TestAReceiverThatClosesKeepsNoConnection, whatever it has said of that.
func TestAReceiverThatClosesKeepsNoConnection(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer string
		kept   bool
	}{
		"whole":          {"200 OK\r\nContent-Length: 2\r\n\r\n{}", true},
		"it says so":     {"200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", false},
		"too short":      {"200 OK\r\nContent-Length: 20\r\n\r\n{}", false},
		"an error's":     {"500 X\r\nContent-Length: 20\r\n\r\n{}", false},
		"a broken chunk": {"200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{}", false},
		"too large":      {"200 OK\r\nContent-Length: 2000000\r\n\r\n{}", false},
		"101":            {"101 Switching Protocols\r\n\r\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := egresstest.HTTP1(t, egresstest.Text("HTTP/1.1 "+tt.answer))
			res, err := newClient(t, long).Send(t.Context(), request(url))
			if res.Status == 0 || res.Connection.KeptAlive != tt.kept {
				t.Errorf("%+v, %v", res, err)
			}
		})
	}
}

func TestConnectionIsTold(t *testing.T) {
	t.Parallel()
	target, c := secure(t, nil, true, func(http.ResponseWriter, *http.Request) {})
	first, err := c.Send(t.Context(), request(target))
	if err != nil {
		t.Fatal(err)
	}
	want := egress.Connection{
		RemoteAddr: strings.TrimPrefix(target, "https://"), HTTP: "HTTP/2.0", TLS: "TLS 1.3", KeptAlive: true,
	}
	if first.Connection != want {
		t.Errorf("%+v, want %+v", first.Connection, want)
	}
	want.Reused = true
	if second, err := c.Send(t.Context(), request(target)); err != nil || second.Connection != want {
		t.Errorf("%+v, %v, want %+v", second.Connection, err, want)
	}
	plain := egresstest.HTTP1(t, egresstest.Text("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))
	want = egress.Connection{RemoteAddr: strings.TrimPrefix(plain, "http://"), HTTP: "HTTP/1.1"}
	if res, err := newClient(t, long).Send(t.Context(), request(plain)); err != nil || res.Connection != want {
		t.Errorf("%+v, %v, want %+v", res.Connection, err, want)
	}
	if res, err := newClient(t, long).Send(t.Context(), request("http://"+egresstest.ClosedAddr(t))); err == nil ||
		res.Connection != (egress.Connection{}) {
		t.Errorf("%+v, %v: nothing was connected", res.Connection, err)
	}
	noTLS := egresstest.Raw(t, egresstest.Text("HTTP/1.1 400 \r\n\r\n"))
	want = egress.Connection{RemoteAddr: noTLS}
	if res, err := newClient(t, long).Send(t.Context(), request("https://"+noTLS)); err == nil || res.Connection != want {
		t.Errorf("%+v, %v: whose handshake failed is known", res.Connection, err)
	}
}
