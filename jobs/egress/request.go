package egress

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/idna"
)

// maxHost is the longest name DNS can carry.
const maxHost = 253

// newRequest makes the request to send, or says why it cannot be sent. The error
// of url.Parse quotes the URL, so it is not passed on.
func newRequest(ctx context.Context, r Request) (*http.Request, *Error) {
	u, e := parseURL(r.URL)
	if e == nil {
		e = checkHeader(r.Header)
	}
	if e != nil {
		return nil, e
	}
	req := &http.Request{
		Method: http.MethodPost,
		URL:    u,
		Host:   plainHost(u),
		Header: ownHeader(r.Header),
		// At most once: net/http sends a request again by itself when it can get
		// the body a second time: on HTTP/1 if there is an Idempotency-Key
		// header and a kept-alive connection broke, on HTTP/2 after GOAWAY,
		// REFUSED_STREAM and PROTOCOL_ERROR. The receiver may have acted on the
		// first copy, and the attempt's row tells of one request only. So
		// GetBody stays nil. http.NewRequest would set it, and it would make an
		// empty body http.NoBody, which counts as repeatable; as a reader of
		// nothing it is not (and goes out as one empty chunk on HTTP/1).
		Body:          io.NopCloser(bytes.NewReader(r.Body)),
		ContentLength: int64(len(r.Body)),
	}
	return req.WithContext(ctx), nil
}

// parseURL reads a URL that can be called. What stands behind its host is sent as it is, but for what no receiver
// takes.
func parseURL(raw string) (*url.URL, *Error) {
	head, target := raw, ""
	if i := strings.Index(raw, "://") + len("://"); i >= len("://") {
		if end := strings.IndexAny(raw[i:], "/?#"); end >= 0 {
			head, target = raw[:i+end], raw[i+end:]
		}
	}
	target, _, _ = strings.Cut(target, "#")
	path, query, asks := strings.Cut(target, "?")
	path, query = escape(path, unsendable), escape(query, unsendable)
	if strings.HasPrefix(path, "//") {
		path = escape(path, "{|}") // see below
	}
	if target = path; asks {
		target += "?" + query
	}
	u, err := url.Parse(head + target)
	if err != nil {
		return nil, invalid("the URL cannot be parsed")
	}
	if e := checkURL(u); e != nil {
		return nil, e
	}
	// net/url writes a path anew in which it finds a character that it would escape: /a%2Fb/{t} would become /a/b/%7Bt%7D,
	// another path. It leaves what is opaque to it, unless that begins with two slashes: there these characters are
	// encoded beforehand.
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") {
		u.Opaque = path
	}
	return u, nil
}

// unsendable are signs that must not stand in a URL (RFC 3986). {, | and } must not either, but are taken by receivers,
// and stand in templates and signed queries: they stay.
const unsendable = "\"<>\\^`"

// escape writes signs in percent-encoding, and what is not ASCII, as its bytes in UTF-8.
func escape(text, signs string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c >= utf8.RuneSelf || strings.IndexByte(signs, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// plainHost is the Host header: receivers compare it with their names, so it has no default port.
func plainHost(u *url.URL) string {
	if port := u.Port(); port == "80" && u.Scheme == "http" || port == "443" && u.Scheme == "https" {
		return strings.TrimSuffix(u.Host, ":"+port)
	}
	return u.Host
}

// ownHeader copies h. Its names go out in their letter case on HTTP/1. net/http adds its own User-Agent unless there is one
// by its canonical name; an empty one is not sent.
func ownHeader(h http.Header) http.Header {
	header := http.Header{}
	for name, values := range h {
		header[name] = values
		if strings.EqualFold(name, userAgent) && name != userAgent {
			header[userAgent] = []string{""}
		}
	}
	return header
}

const userAgent = "User-Agent"

// checkURL says whether u can be called, and writes its host in ASCII so that
// the Host header, TLS and the dialler mean the same name. It is not the guard:
// odd spellings of addresses pass here and end at the socket.
func checkURL(u *url.URL) *Error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return invalid("the URL does not begin with http:// or https://")
	}
	host, port := u.Hostname(), u.Port()
	if u.Opaque != "" || host == "" {
		return invalid("the URL has no host")
	}
	// The transport would drop them silently, and the receiver's 401 would be a riddle.
	if u.User != nil {
		return invalid("the URL contains a user name or password; credentials belong in a header")
	}
	if port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return invalid("the port in the URL is not between 1 and 65535")
		}
	}
	if !isASCII(host) {
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil || ascii == "" || !utf8.ValidString(host) {
			return invalid("the host name in the URL is not a valid international name")
		}
		host = ascii
	}
	host = strings.TrimSuffix(host, ".") // names are absolute anyway, see resolve
	if len(host) > maxHost {
		return invalid("the host name in the URL is longer than " + strconv.Itoa(maxHost) + " characters")
	}
	if !validHost(host) {
		return invalid("the host name in the URL contains characters that are not allowed")
	}
	switch {
	case host == "":
		return invalid("the URL has no host")
	case port != "":
		u.Host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		u.Host = "[" + host + "]"
	default:
		u.Host = host
	}
	return nil
}

// validHost accepts what can be a name or an address: a colon or percent
// only in an IPv6 address, and otherwise what net/http accepts in a Host header.
func validHost(host string) bool {
	if strings.ContainsAny(host, ":%") {
		if _, err := netip.ParseAddr(host); err != nil {
			return false
		}
	}
	return httpguts.ValidHostHeader(host) // which a zone can still fail
}

// checkHeader finds what net/http would refuse. Headers are validated when they
// are configured; this is the last look, and it names no value.
func checkHeader(h http.Header) *Error {
	for name, values := range h {
		if !httpguts.ValidHeaderFieldName(name) {
			return invalid("a header has a name that cannot be sent")
		}
		for _, v := range values {
			if !httpguts.ValidHeaderFieldValue(v) {
				return invalid("the header " + name + " has a value that cannot be sent")
			}
		}
	}
	return nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
