package egress_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/egress/egresstest"
)

// sentTo sends to a receiver that takes what comes as it is, and returns the request's lines.
func sentTo(t *testing.T, target string, header http.Header) []string {
	t.Helper()
	sent := make(chan []string, 1)
	receiver := egresstest.Raw(t, func(conn *net.TCPConn) {
		lines := bufio.NewReader(conn)
		var got []string
		for {
			line, err := lines.ReadString('\n')
			if line = strings.TrimSpace(line); err != nil || line == "" {
				break
			}
			got = append(got, line)
		}
		sent <- got
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	})
	if _, err := newClient(t, long).Send(
		t.Context(), egress.Request{URL: "http://" + receiver + target, Header: header},
	); err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	return <-sent
}

func TestBytesOfTheURLAreKept(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"":                           "/",
		"?a=1":                       "/?a=1",
		"/":                          "/",
		"/?":                         "/?",
		"/a%2Fb/ü":                   "/a%2Fb/%C3%BC",
		"/a%2Fb/{t}":                 "/a%2Fb/{t}",
		"/a%2fb/%7C|%3B;{}[]":        "/a%2fb/%7C|%3B;{}[]",
		"/a/../b/./c":                "/a/../b/./c",
		"//a{/b":                     "//a%7B/b",
		"//a%2Fb/{t}|":               "//a%2Fb/%7Bt%7D%7C",
		"///a%2fb/ü?{t}|":            "///a%2fb/%C3%BC?{t}|",
		"/hook?name=Müller":          "/hook?name=M%C3%BCller",
		"/hook?😀":                    "/hook?%F0%9F%98%80",
		"/hook?x=\"<>^`\\":           "/hook?x=%22%3C%3E%5E%60%5C",
		"/hook?x={}[]|":              "/hook?x={}[]|",
		"/hook?a=%3B;%7C&b=100%&c=+": "/hook?a=%3B;%7C&b=100%&c=+",
		"/hook?a=1#fragment":         "/hook?a=1",
		"/" + string([]byte{0xe9}):   "/%E9", // Latin-1
		"/@:x?http://other/#?":       "/@:x?http://other/",
	} {
		if got, line := sentTo(t, target, nil)[0], "POST "+want+" HTTP/1.1"; got != line {
			t.Errorf("%s: got %q, want %q", target, got, line)
		}
	}
}

func TestBytesOfTheURLAreKeptOnHTTP2(t *testing.T) {
	t.Parallel()
	url, c := secure(t, nil, true, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.RequestURI) })
	for target, want := range map[string]string{
		"": "/", "/a%2Fb/ü/{t}?x=é|%3B": "/a%2Fb/%C3%BC/{t}?x=%C3%A9|%3B", "//a/b": "//a/b",
	} {
		res, err := c.Send(t.Context(), request(url+target))
		if err != nil || string(res.Body) != want {
			t.Errorf("%s: got %q, %v", target, res.Body, err)
		}
	}
}

func TestNamesOfHeadersKeepTheirLetterCase(t *testing.T) {
	t.Parallel()
	got := sentTo(t, "/", http.Header{"SOAPAction": {"go"}, "x-tenant-ID": {"7"}, "user-AGENT": {"mine"}, "traceparent": {"00-1"}})
	all := strings.Join(got, "\n") + "\n"
	for _, want := range []string{"\nSOAPAction: go\n", "\nx-tenant-ID: 7\n", "\nuser-AGENT: mine\n", "\ntraceparent: 00-1\n"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in %q", want, all)
		}
	}
	if strings.Count(strings.ToLower(all), "user-agent") != 1 {
		t.Errorf("more than one User-Agent: %q", all)
	}
}
