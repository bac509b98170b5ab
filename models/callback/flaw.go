package callback

import "slices"

// Flaw says more of why an attempt failed than its cause; empty: no more is known.
type Flaw string

// What can be wrong with a receiver's TLS, with a redirect, and with where a URL leads.
const (
	FlawExpired             Flaw = "EXPIRED"
	FlawNotYetValid         Flaw = "NOT_YET_VALID"
	FlawWrongName           Flaw = "WRONG_NAME"
	FlawSelfSigned          Flaw = "SELF_SIGNED"
	FlawUnknownIssuer       Flaw = "UNKNOWN_ISSUER"
	FlawMissingIntermediate Flaw = "MISSING_INTERMEDIATE"
	FlawClientCertificate   Flaw = "CLIENT_CERTIFICATE"
	FlawNotTLS              Flaw = "NOT_TLS"
	FlawOldTLS              Flaw = "OLD_TLS"
	FlawNoCipher            Flaw = "NO_CIPHER"
	FlawUnknownName         Flaw = "UNKNOWN_NAME"
	FlawHandshake           Flaw = "HANDSHAKE" // it was closed, or did not end
	FlawNoTarget            Flaw = "NO_TARGET" // of a redirect
	FlawDeniedAddress       Flaw = "DENIED_ADDRESS"
	FlawDeniedPort          Flaw = "DENIED_PORT"
)

// flaws are stored by their place here, from 1 to 31: none ever moves.
var flaws = []Flaw{
	FlawExpired, FlawNotYetValid, FlawWrongName, FlawSelfSigned, FlawUnknownIssuer, FlawMissingIntermediate,
	FlawClientCertificate, FlawNotTLS, FlawOldTLS, FlawNoCipher, FlawUnknownName, FlawHandshake, FlawNoTarget,
	FlawDeniedAddress, FlawDeniedPort,
}

// Flaws lists every flaw.
func Flaws() []Flaw { return slices.Clone(flaws) }

// Code is what is stored of a flaw; 0: there is none, or it is not known.
func (f Flaw) Code() byte { return byte(slices.Index(flaws, f) + 1) } //nolint:gosec // there are fewer than 32

// FlawOf is the fault of a code; empty where there is none, or a later release has written it.
func FlawOf(code byte) Flaw {
	if code == 0 || int(code) > len(flaws) {
		return ""
	}
	return flaws[code-1]
}

// flawRemedies say for each flaw what can be done about it, where that of its cause would be less to the point.
var flawRemedies = map[Flaw]string{
	FlawExpired: "Renew the receiver's certificate, which has expired, and have the server load it: after a renewal it often goes on " +
		"with the old one.",
	FlawNotYetValid: "Install a certificate that is valid by now, and look at the clock of whoever issued this one: it begins later.",
	FlawWrongName: "Check that the URL's host leads to your server, and get a certificate that has it among its subject alternative names, or " +
		"set a URL with another name of your own that the certificate has.",
	FlawSelfSigned:    "Get a certificate of a public authority, such as Let's Encrypt: one that was signed by oneself is not trusted.",
	FlawUnknownIssuer: "Get a certificate of a public authority, such as Let's Encrypt: an authority of one's own is not trusted.",
	FlawMissingIntermediate: "Let the server send the whole chain: the certificate and those between it and the root (often called " +
		"fullchain.pem), since browsers find missing ones elsewhere and other clients do not; if its issuer is an authority of your " +
		"own, get one of a public authority.",
	FlawClientCertificate: "Verify the header webhook-signature, and then set a URL whose host asks for no client certificate, which the sender " +
		"does not have: a server asks before it knows the path.",
	FlawNotTLS: "Set a URL with the port at which the receiver speaks TLS, or set TLS up at this one, where something else answers: with http:// " +
		"all would be sent in the clear.",
	FlawOldTLS: "Let the receiver speak TLS 1.2 or 1.3: older versions are not safe, and are refused.",
	FlawNoCipher: "Let the receiver offer TLS 1.3, or a cipher with ECDHE in TLS 1.2: `openssl s_client -connect HOST:PORT -servername " +
		"HOST` shows what it speaks.",
	FlawUnknownName: "Set up the URL's host, with a certificate, at the server or proxy that answers: it does not know that name in " +
		"TLS (SNI).",
	FlawHandshake: "Check what `openssl s_client -connect HOST:PORT -servername HOST` shows: where it shows no certificate, set a URL with the port " +
		"that speaks TLS, or mend the receiver's TLS, or the proxy or firewall before it that ends connections.",
	FlawNoTarget: "Answer with 200 to 204 instead: the receiver's status is one of redirects, and it does not say where to.",
	FlawDeniedAddress: "Give the receiver a public address, put a public proxy or tunnel before it, or have the operator of this service allow " +
		"its network (RINGBACK_ALLOWED_NETWORKS).",
	FlawDeniedPort: "Let the receiver listen on another port, such as 443, or have the operator of this service allow this one " +
		"(RINGBACK_ALLOWED_PORTS).",
}
