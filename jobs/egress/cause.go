package egress

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http2"
)

// Cause is why an exchange failed, in the words of the API.
type Cause string

// The causes. Each but [LocalError] and [Canceled] is a verdict on the receiver or its URL.
const (
	// DNSError: the name could not be resolved, or not in time.
	DNSError Cause = "DNS_ERROR"
	// ConnectRefused: no connection could be opened: refused, unreachable, no route.
	ConnectRefused Cause = "CONNECT_REFUSED"
	// ConnectTimeout: the deadline passed while connecting.
	ConnectTimeout Cause = "CONNECT_TIMEOUT"
	// TLSError: no trusted TLS session: certificate, version, no TLS at all, alert.
	TLSError Cause = "TLS_ERROR"
	// Timeout: the deadline passed after connecting (TLS, waiting, header, body).
	Timeout Cause = "TIMEOUT"
	// ConnectionReset: the connection ended early.
	ConnectionReset Cause = "CONNECTION_RESET"
	// BlockedAddress: no address of the host may be reached; no socket was opened.
	BlockedAddress Cause = "BLOCKED_ADDRESS"
	// InvalidURL: the URL (or a header) cannot be sent; no socket was opened.
	InvalidURL Cause = "INVALID_URL"
	// Redirect: a 3xx answer of any kind; Response.Status is set.
	Redirect Cause = "REDIRECT"
	// ResponseTooLarge: a body of more than 1 MiB, or of more than that decompressed where so much is kept;
	// Response.Status is set.
	ResponseTooLarge Cause = "RESPONSE_TOO_LARGE"
	// MalformedResponse: what came is no valid HTTP answer, or its status is not between 100 and 599.
	MalformedResponse Cause = "MALFORMED_RESPONSE"
	// LocalError: this machine lacks what it takes to send: sockets, ports or memory, by what the kernel says; a resolver,
	// a route or a proxy that gets through where an unrelated destination failed alike within the 10 s before, and none
	// got through since; or its proxy fails itself.
	LocalError Cause = "LOCAL_ERROR"
	// Canceled: the caller cancelled its context before the answer was complete.
	// It says nothing about the receiver. A deadline that passed is never Canceled.
	Canceled Cause = "CANCELED"
)

// Flaw says more of a cause: what is wrong with the receiver's TLS, with its redirect or with where it is.
type Flaw string

// The flaws.
const (
	Expired             Flaw = "EXPIRED"              // its certificate, or one of those above it
	NotYetValid         Flaw = "NOT_YET_VALID"        // such a certificate
	WrongName           Flaw = "WRONG_NAME"           // its certificate is not for the host
	SelfSigned          Flaw = "SELF_SIGNED"          // its certificate
	UnknownIssuer       Flaw = "UNKNOWN_ISSUER"       // the root of its certificate is not trusted
	MissingIntermediate Flaw = "MISSING_INTERMEDIATE" // the issuer of the last certificate was not sent
	ClientCertificate   Flaw = "CLIENT_CERTIFICATE"   // it asks for one
	NotTLS              Flaw = "NOT_TLS"              // it speaks something else
	OldTLS              Flaw = "OLD_TLS"              // it speaks no TLS of 1.2 or later
	NoCipher            Flaw = "NO_CIPHER"            // none is in common
	UnknownName         Flaw = "UNKNOWN_NAME"         // it does not know the host
	BrokenHandshake     Flaw = "HANDSHAKE"            // it was closed, or did not end
	NoTarget            Flaw = "NO_TARGET"            // the redirect does not say where to
	DeniedAddress       Flaw = "DENIED_ADDRESS"       // it is not public
	DeniedPort          Flaw = "DENIED_PORT"          // it is not among those that may be reached
)

// Error is the only kind of error that [Client.Send] returns.
type Error struct {
	Cause Cause
	Flaw  Flaw // what more is known; empty: nothing

	// Message is one sentence for a human. It names the host, address, phase or limit, and what of the receiver's own
	// words tells what is wrong: a certificate's names, a redirect's target without its query; never the URL's path or
	// query, a header's value or the answer's body.
	Message string

	// Err is what was underneath, for errors.Is and errors.As; it may be nil. Its
	// text may quote the receiver: do not show or log it.
	Err error
}

// Error returns the cause and the message, never the text of Err.
func (e *Error) Error() string { return string(e.Cause) + ": " + e.Message }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

func invalid(message string) *Error {
	return &Error{Cause: InvalidURL, Message: message}
}

// maxTarget, in characters, of where a redirect leads.
const maxTarget = 200

func redirect(answer *http.Response, host string) *Error {
	message := host + " answered with the status " + strconv.Itoa(answer.StatusCode)
	target := leadsTo(answer)
	if target == "" {
		return &Error{Cause: Redirect, Flaw: NoTarget, Message: message + "; redirects are not followed"}
	}
	return &Error{Cause: Redirect, Message: message + ", which leads to " + target + "; redirects are not followed"}
}

// leadsTo is where a redirect leads, without user, query and fragment, which may be secret.
func leadsTo(answer *http.Response) string {
	location, base := answer.Header.Get("Location"), *answer.Request.URL
	base.Opaque = "" // see parseURL: a location that is a query alone would lead nowhere
	to, err := base.Parse(location)
	if err != nil || location == "" {
		return ""
	}
	return readable((&url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path, RawPath: to.RawPath}).String(), maxTarget)
}

// readable cuts what a receiver said to a number of characters, of which none moves or hides others.
func readable(text string, most int) string {
	kept := []rune{}
	for _, r := range text {
		if len(kept) == most {
			return string(kept) + "…"
		}
		if unicode.IsPrint(r) && r != utf8.RuneError {
			kept = append(kept, r)
		}
	}
	return string(kept)
}

func tooLarge(host string) *Error {
	return &Error{Cause: ResponseTooLarge, Message: "the answer of " + host + " is larger than 1 MiB"}
}

// Statuses that an answer can have (RFC 9110, section 15). net/http passes on any number of three characters on HTTP/1
// ("000", "+20"), and any number at all on HTTP/2.
const minStatus, maxStatus = 100, 599

func malformed(host string) *Error {
	return &Error{Cause: MalformedResponse, Message: host + " answered with a status that is not between 100 and 599"}
}

// failure turns what went wrong in one exchange into an [Error].
type failure struct {
	ctx   context.Context // the exchange's own: the caller's, with the deadline
	host  string          // with port, if the URL has one
	limit time.Duration   // from Send's beginning to the deadline

	shortages *shortages
}

// explain decides by type and phase, never by text. The order matters: our own
// cancellation says nothing about the receiver, so it comes first; then what is
// certain by its type, then the deadline, then what the phase tells.
func (f failure) explain(err error, seen watched, at phase) *Error {
	// ctx has no other way to be cancelled than by the caller: our own cancel
	// runs after Send. A deadline, ours or the caller's, has the other error.
	if errors.Is(f.ctx.Err(), context.Canceled) {
		return &Error{Cause: Canceled, Message: "the request was cancelled by the sender", Err: err}
	}
	e := f.local(err, seen, at)
	if e == nil {
		e = f.byType(err, seen, at)
	}
	if e == nil && f.timedOut(err) {
		e = f.late(seen, at)
	}
	if e == nil {
		e = f.byPhase(err, seen, at)
	}
	e.Err = err
	return e
}

// byType returns nil where the type does not settle it.
func (f failure) byType(err error, seen watched, at phase) *Error {
	var denied *deniedError
	if errors.As(err, &denied) {
		return f.blocked(denied)
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return &Error{Cause: DNSError, Message: "the name " + f.name() + " could not be resolved"}
	}
	if at <= phaseConnect {
		return nil
	}
	return f.byTLS(err, seen)
}

// blocked names no address that a name leads to: by names of his own whoever may set a URL could map the network around us.
func (f failure) blocked(denied *deniedError) *Error {
	if errors.Is(denied.err, errPort) {
		_, port, _ := net.SplitHostPort(denied.addr)
		return deniedPort(port)
	}
	if _, err := netip.ParseAddr(strings.Trim(f.name(), "[]")); err == nil {
		return &Error{
			Cause: BlockedAddress, Flaw: DeniedAddress,
			Message: "the address " + denied.addr + " is not public and not in RINGBACK_ALLOWED_NETWORKS",
		}
	}
	return noneIsPublic(f.name())
}

func deniedPort(port string) *Error {
	return &Error{
		Cause: BlockedAddress, Flaw: DeniedPort, Message: "the port " + port + " is not allowed (RINGBACK_ALLOWED_PORTS)",
	}
}

func noneIsPublic(name string) *Error {
	return &Error{Cause: BlockedAddress, Flaw: DeniedAddress, Message: "no address of " + name + " is public"}
}

// timedOut covers the exchange's deadline and the limits of dialer, handshake and
// kernel, which are of the same length or belong to the same phase.
func (f failure) timedOut(err error) bool {
	var timeout net.Error
	return f.ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &timeout) && timeout.Timeout()
}

// late explains a deadline, ours or, on a connection that is given up before, the kernel's or that of HTTP/2.
func (f failure) late(seen watched, at phase) *Error {
	if at >= phaseWait && f.ctx.Err() == nil {
		return &Error{Cause: Timeout, Message: "the connection to " + f.host + " was given up: nothing got through it any " +
			"more"}
	}
	limit := f.limit.Round(time.Millisecond).String()
	switch at {
	case phaseDNS:
		return &Error{Cause: DNSError, Message: "the name " + f.name() + " could not be resolved within " + limit}
	case phaseConnect:
		return &Error{Cause: ConnectTimeout, Message: seen.addr + " accepted no connection within " + limit}
	case phaseTLS:
		return &Error{Cause: Timeout, Flaw: BrokenHandshake, Message: "the TLS handshake with " + f.host + " did not end within " + limit}
	case phaseHeader, phaseBody:
		return &Error{Cause: Timeout, Message: "the answer of " + f.host + " was not complete within " + limit}
	case phaseWait:
		return &Error{Cause: Timeout, Message: "no answer within " + limit}
	default:
		return &Error{Cause: Timeout, Message: "the deadline passed before the request to " + f.host + " began"}
	}
}

// byPhase explains everything else.
func (f failure) byPhase(err error, seen watched, at phase) *Error {
	switch at {
	case phaseNone:
		// net/http refused the request; newRequest should have.
		return invalid("the request to " + f.host + " cannot be sent")
	case phaseDNS:
		return &Error{Cause: DNSError, Message: "the name " + f.name() + " has no usable address"}
	case phaseConnect:
		return refused(err, seen)
	case phaseTLS:
		if !broken(err) {
			return &Error{
				Cause: TLSError,
				Message: "the TLS handshake with " + f.host + " failed: " + readable(
					strings.TrimPrefix(err.Error(), "tls: "), maxNames,
				),
			}
		}
		return &Error{
			Cause: ConnectionReset, Flaw: BrokenHandshake,
			Message: f.host + " closed the connection during the TLS handshake",
		}
	}
	return f.cut(err, seen, at)
}

// refused explains why no connection could be opened.
func refused(err error, seen watched) *Error {
	addr := seen.addr
	var op *net.OpError
	if errors.As(err, &op) && op.Addr != nil {
		addr = op.Addr.String()
	}
	message := addr + " could not be reached"
	if errors.Is(err, errNoWay) {
		message = addr + " could not be reached: " + err.Error()
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		message = addr + " refused the connection"
	}
	return &Error{Cause: ConnectRefused, Message: message}
}

// cut explains a failure on an established connection. Much of it has no type
// that could be asked for: a header over 64 KiB is an errors.New text on HTTP/1
// ("server response headers exceeded …"), and on HTTP/2 a
// COMPRESSION_ERROR connection error or stream error; garbage is an unexported
// string; a stream refused by the server comes formatted with %v. On HTTP/1 what
// is not the end of the connection is a complaint about its bytes; on HTTP/2 a
// complaint about the answer's own header is a PROTOCOL_ERROR after its first byte.
func (f failure) cut(err error, seen watched, at phase) *Error {
	e := &Error{Cause: ConnectionReset}
	var stream http2.StreamError
	switch {
	case notProcessed(err):
		e.Message = f.host + " has not processed the request, as often as it was sent (HTTP/2 GOAWAY or REFUSED_STREAM)"
	case errors.As(err, &stream) && (at != phaseHeader || stream.Code != http2.ErrCodeProtocol):
		e.Message = f.host + " reset the HTTP/2 stream before the answer was complete"
	case at == phaseWait:
		e.Message = "the connection to " + f.host + " ended before an answer came"
	case broken(err), at == phaseHeader && cutOff(err, seen.conn):
		e.Message = "the connection to " + f.host + " ended before the answer was complete"
	default:
		e.Cause = MalformedResponse
		e.Message = "the connection to " + f.host + " did not carry a valid HTTP answer, with headers of at most 64 KiB"
		if where := controlIn(err); where != "" {
			e.Message = "the answer of " + f.host + " has a control character in " + where
		}
	}
	return e
}

// controlIn tells where the answer has a control character, which net/http takes for no header; empty: that is not known.
// It quotes the line.
func controlIn(err error) string {
	var complaint textproto.ProtocolError
	if !errors.As(err, &complaint) {
		return ""
	}
	_, quoted, _ := strings.Cut(string(complaint), `"`)
	line, err := strconv.Unquote(`"` + quoted)
	if err != nil || !strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return ""
	}
	if name, _, found := strings.Cut(line, ":"); found && httpguts.ValidHeaderFieldName(name) {
		return "its header " + readable(name, maxNames)
	}
	return "its headers"
}

// broken is true for a connection that ended.
func broken(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED)
}

// name is the host without port.
func (f failure) name() string {
	if host, _, err := net.SplitHostPort(f.host); err == nil {
		return host
	}
	return f.host
}
