package egress_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/ringback/ringback/jobs/egress"
)

// Deadlines in tests. short is for exchanges that must hit it: long enough that
// a loaded machine still connects in time. long is for those that must not.
const (
	short = 700 * time.Millisecond
	long  = time.Minute
)

// loopback is what tests allow, and all that they ever dial.
func loopback() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

// newClient returns a client that may reach loopback addresses.
func newClient(t testing.TB, timeout time.Duration) *egress.Client {
	t.Helper()
	return clientOf(t, egress.Config{AllowedNetworks: loopback(), Timeout: timeout})
}

func clientOf(t testing.TB, cfg egress.Config) *egress.Client {
	t.Helper()
	c := egress.New(cfg)
	t.Cleanup(c.CloseIdle)
	return c
}

// request carries secrets in every place that must not be quoted.
func request(url string) egress.Request {
	return egress.Request{
		URL:    url,
		Header: http.Header{"User-Agent": {"Ringback/test"}, "X-Token": {"sesame"}},
		Body:   []byte("status=finished"),
	}
}

// wantCause checks the error's kind and that it tells no secret.
func wantCause(t *testing.T, err error, want egress.Cause, says string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", want)
	}
	var e *egress.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %T (%v) is not *egress.Error", err, err)
	}
	if e.Cause != want {
		t.Fatalf("cause %s, want %s (%s; %v)", e.Cause, want, e.Message, e.Err)
	}
	if !strings.Contains(e.Message, says) {
		t.Errorf("message %q does not say %q", e.Message, says)
	}
	for _, secret := range []string{"sesame", "hidden", "garbage"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%q tells %q", err.Error(), secret)
		}
	}
}

func wantFlaw(t *testing.T, err error, want egress.Flaw) {
	t.Helper()
	if e := new(*egress.Error); !errors.As(err, e) || (*e).Flaw != want {
		t.Errorf("%v: the flaw is %+v, want %s", err, *e, want)
	}
}

// handler starts a plain HTTP receiver and returns its URL.
func handler(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// stall holds a handler until the client has gone away.
func stall(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice
	<-r.Context().Done()
}

// resolver answers every A and AAAA question by itself, over a pipe: an A record
// per IPv4 address, an AAAA record per IPv6 address, NXDOMAIN if there is none.
func resolver(answer func(name string) []netip.Addr) *net.Resolver {
	return &net.Resolver{
		PreferGo: true,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go serveDNS(server, answer)
			return client, nil
		},
	}
}

func serveDNS(conn net.Conn, answer func(name string) []netip.Addr) {
	defer func() { _ = conn.Close() }()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		reply, err := replyTo(query, answer)
		if err != nil {
			return
		}
		if _, err := conn.Write(binary.BigEndian.AppendUint16(nil, uint16(len(reply)))); err != nil {
			return
		}
		if _, err := conn.Write(reply); err != nil {
			return
		}
	}
}

func replyTo(query []byte, answer func(name string) []netip.Addr) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil {
		return nil, err
	}
	q := m.Questions[0]
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	head := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 60}
	addrs := answer(strings.TrimSuffix(q.Name.String(), "."))
	if len(addrs) == 0 {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, a := range addrs {
		switch {
		case a.Is4() && q.Type == dnsmessage.TypeA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: a.As4()}})
		case a.Is6() && q.Type == dnsmessage.TypeAAAA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
		}
	}
	return m.Pack()
}

func addrs(list ...string) []netip.Addr {
	out := make([]netip.Addr, len(list))
	for i, s := range list {
		out[i] = netip.MustParseAddr(s)
	}
	return out
}

// answerOnce reads a request from a connection, lets look have it, and answers with 200.
func answerOnce(conn net.Conn, look func(r *http.Request)) {
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	look(r)
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
}
