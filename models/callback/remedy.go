package callback

// remedies say for each cause what the customer can do about it. Of those that are ours there is nothing to do.
var remedies = map[AttemptErrorCode]string{
	DNSError: "Check the host in the URL for a slip, and that its DNS records are there for everyone: `dig +short HOST` from another network " +
		"must show an address.",
	ConnectRefused: "Check that the receiver is running and listens on the URL's port, and that no firewall refuses " +
		"its senders.",
	ConnectTimeout: "Let the firewall before the receiver accept connections from this service: something on the way " +
		"drops them in silence.",
	TLSError: "Mend the receiver's certificate or its TLS settings, as the message says; " +
		"`openssl s_client -connect HOST:PORT -servername HOST` shows what it sends.",
	Timeout: "Answer at once with 202, and do the work afterwards: the whole request, with the answer, must not take " +
		"longer than the time that " +
		"the message names.",
	ConnectionReset: "Look for the crash, the restart or the limit that ends connections at the receiver or at a proxy " +
		"before it: it closed this " +
		"one before it had answered.",
	BlockedAddress: "Give the receiver a public address and a usual port, or let a public proxy or tunnel stand before " +
		"it. An operator can allow " +
		"a private network (RINGBACK_ALLOWED_NETWORKS) or a port (RINGBACK_ALLOWED_PORTS).",
	InvalidURL: "Set a URL that can be called, such as https://hooks.example.com/callbacks, and headers that can " +
		"be sent.",
	Redirect: "Set the URL to where the redirect leads, if that is yours: redirects are not followed. Often it " +
		"is https, www, a slash at the end, or a log-in page.",
	ResponseTooLarge: "Answer with a short body or with none: of an answer no more than 1 MiB is read, and a larger " +
		"one counts as failed.",
	MalformedResponse: "Check that an HTTP server listens on the URL's port, and not TLS, a database or a proxy that " +
		"speaks another protocol; " +
		"`curl -v` shows what it says.",
	NoCallbackURL: "Set apiCallbackUrl on the project or on its account.",
	Interrupted: "Nothing: the sender was stopped, and sends again by itself. The receiver may see the same ref " +
		"twice.",
	InternalError: "Nothing: the fault is ours, and it is sent again by itself.",
	LocalError:    "Nothing: the sender lacked something, and sends again by itself.",
	Superseded:    "Nothing: a newer result for the same URL is sent instead.",
	Cancelled:     "Nothing: somebody has cancelled it. It can be sent all the same, with replayCallback.",
	HTTPStatusError: "Look into the receiver's log at the time of the attempt: it has had the request, and answered " +
		"with a status that is no success.",
}

// statusRemedies are of statuses that say more. One of a hundred stands for all of its class.
var statusRemedies = map[int]string{
	400: "Look into the receiver's log for what it does not like in the request; docs/receivers.md shows the fields of " +
		"each event.",
	401: "Set the header with the credentials that the receiver asks for, and check that its token has not expired.",
	403: "Let the receiver, or the firewall before it, accept this sender: check the credentials in the headers, and " +
		"rules about IP addresses and the User-Agent.",
	404: "Check the path of the URL: the server is there, and has nothing at it.",
	405: "Let the receiver accept POST at this path.",
	410: "Set another URL, or clear it: the receiver says that it is gone for good.",
	413: "Let the receiver, or the proxy before it, accept larger bodies.",
	415: "Let the receiver accept the content type of the event: application/x-www-form-urlencoded or application/json.",
	419: "Leave the path of the receiver out of its CSRF protection.",
	422: "Look into the receiver's log for which field it does not accept; docs/receivers.md shows those of each event.",
	429: "Raise the receiver's rate limit, or set how many callbacks it gets at once.",
	500: "Look into the receiver's log at the time of the attempt: its own code has failed.",
	502: "Check the program behind the proxy that answered: it is not running, or failed while it answered.",
	503: "Wait, or give the receiver more room: it says that it is overloaded or down for maintenance.",
	504: "Answer at once with 202, and do the work afterwards: the proxy before the receiver did not want to wait any " +
		"longer.",
}

// Remedy says what can be done about a failed attempt, in a sentence for people; nil where it has not failed.
func (a *Attempt) Remedy() *string { return RemedyOf(a.Error, a.HTTPStatus) }

// RemedyOf says what can be done about an error; nil where there is none.
func RemedyOf(e *AttemptError, status *int) *string {
	if e == nil {
		return nil
	}
	text := remedies[e.Code]
	if e.Code == HTTPStatusError && status != nil {
		if special, ok := statusRemedies[*status]; ok {
			text = special
		} else if *status >= 500 {
			text = statusRemedies[500]
		}
	}
	return &text
}
