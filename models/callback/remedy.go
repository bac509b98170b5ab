package callback

// What several remedies say. Names of the API are said to be that: who reads them may know the console alone.
const (
	replayIt    = "replay the callback (API mutation `replayCallback`)"
	tryAgain    = "Wait for the next attempt, " + replayIt + " if this was the last one, or send the test anew if it was one: "
	knowsOurs   = " The operator of this service knows the addresses that callbacks come from."
	storeFirst  = "Store the request, answer with 202, and do the work afterwards: "
	showsFields = "/v1/openapi.json, at the host of this API, shows the fields of each event under `webhooks`"
)

// remedies say for each cause what the customer can do about it. Of those that are ours there is nothing to do.
var remedies = map[AttemptErrorCode]string{
	DNSError: "Check how the host in the URL is written, and that its DNS records are there for everyone: `dig +short HOST` from " +
		"another network must show an address.",
	ConnectRefused: "Check that the receiver is running and listens on the URL's port, and that no firewall refuses callbacks." + knowsOurs,
	ConnectTimeout: "Let the firewall before the receiver accept connections from the sender: something on the way drops them in " +
		"silence." + knowsOurs,
	TLSError: "Check what `openssl s_client -connect HOST:PORT -servername HOST` shows: the receiver needs a certificate of a public " +
		"authority that is valid today and has the host of the URL among its names, the whole chain up to that authority, and TLS 1.2 " +
		"with ECDHE or TLS 1.3.",
	Timeout: storeFirst + "the whole request, with the answer, may take 30 s, or as long as the operator of this service lets it " +
		"(RINGBACK_TIMEOUT).",
	ConnectionReset: "Look for the crash, the restart or the limit that ends connections at the receiver or at a proxy before it: " +
		"it closed this one before it had answered.",
	// Where it is not known which of the two.
	BlockedAddress: "Give the receiver a public address and a usual port such as 443, put a public proxy or tunnel before it, or have " +
		"the operator of this service allow its network (RINGBACK_ALLOWED_NETWORKS) or port (RINGBACK_ALLOWED_PORTS).",
	InvalidURL: "Set a URL that can be called, such as https://hooks.example.com/callbacks, and headers that can be sent: " +
		"the API query `checkCallback` shows every problem of both.",
	Redirect: "Set the URL to where the redirect leads, if that is yours, since none is followed: often it is https, www or a slash at " +
		"the end; where it leads to a log-in page, let this path do without a log-in.",
	ResponseTooLarge: "Answer with a short body or with none: of an answer no more than 1 MiB is read, and a larger one counts as " +
		"failed.",
	MalformedResponse: "Check that an HTTP server listens on the URL's port, and not TLS, a database or a proxy of another protocol, and " +
		"that the headers of its answer have no more than 64 KiB and no control characters: `curl -v URL` shows what it says.",
	NoCallbackURL: "Set a callback URL (`apiCallbackUrl`) on the project or on its account, and " + replayIt + ".",
	Interrupted: tryAgain + "the sender was stopped, and the receiver may have had this request. A receiver should know by the header X-Callback-Ref, " +
		"which is the same in all attempts and replays, what it has had already.",
	InternalError: tryAgain + "the fault is the sender's.",
	LocalError: tryAgain + "the sender lacked something, such as memory or connections, and the receiver was not " +
		"asked.",
	Superseded: "Read the newer result, which is sent to the same URL in place of this one.",
	Cancelled:  "Replay the callback (API mutation `replayCallback`) if it is to be sent all the same: somebody has cancelled it.",
	HTTPStatusError: "Look into the log of the receiver, and of any proxy before it, at the time of the attempt: one of them has answered " +
		"with a status that counts as a failure, where 200 to 204 count as success for every event.",
}

// statusRemedies are of statuses that say more.
var statusRemedies = map[int]string{
	400: "Look into the receiver's log for what it does not like in the request: the API query `previewCallback` shows the bytes that are " +
		"sent, and " + showsFields + ".",
	401: "Set the header with the credentials that the receiver asks for, not expired, or, where it verifies webhook-signature, give it " +
		"the signing secret of this project or SSO client and check its clock.",
	403: "Look into the log of the receiver, or of the firewall before it, for what has refused: credentials in the headers, the signing " +
		"secret that it verifies with, protection against CSRF (exempt this path alone), or rules about IP addresses and the User-Agent." +
		knowsOurs,
	404: "Check the path of the URL: the server is there, and has nothing at it.",
	405: "Let the receiver accept POST at this path.",
	410: "Set another URL, or clear it, if the receiver is gone for good as it says, or mend what answers 410 and " + replayIt + ".",
	413: "Let the receiver, or the proxy before it, accept larger bodies.",
	415: "Let the receiver accept the content type of the event: application/x-www-form-urlencoded or application/json.",
	419: "Leave this path alone out of the receiver's CSRF protection, and verify the header webhook-signature there.",
	422: "Look into the receiver's log for which field it does not accept: " + showsFields + ".",
	429: "Raise the receiver's rate limit, or set limits of the project or account below it (`apiCallbackMaxPerSecond`, " +
		"`apiCallbackMaxInFlight`).",
	500: "Look into the receiver's log at the time of the attempt: its own code has failed.",
	502: "Check the program behind the proxy that answered: it is not running, or failed while it answered.",
	503: "See whether the receiver runs, and whether the proxy or load balancer before it finds it healthy, before you give it more room: it " +
		"says that it is overloaded or down for maintenance.",
	504: storeFirst + "the proxy before the receiver did not want to wait any longer; where the request has never come to it, see why the " +
		"proxy cannot reach it.",
}

// failedOnTheWay is of statuses above those, which proxies have of their own.
const failedOnTheWay = "Look into the log of the receiver, and of the proxy or the network before it, at the time of the attempt: one of " +
	"them has failed."

// Remedy says what can be done about a failed attempt, in a sentence or two for people; nil where it has not failed.
func (a *Attempt) Remedy() *string { return RemedyOf(a.Error, a.Flaw, a.HTTPStatus) }

// RemedyOf says what can be done about an error; nil where there is none.
func RemedyOf(e *AttemptError, flaw Flaw, status *int) *string {
	if e == nil {
		return nil
	}
	if text, ok := flawRemedies[flaw]; ok {
		return &text
	}
	text := remedies[e.Code]
	if e.Code == HTTPStatusError && status != nil {
		if special, ok := statusRemedies[*status]; ok {
			text = special
		} else if *status >= 500 {
			text = failedOnTheWay
		}
	}
	return &text
}
