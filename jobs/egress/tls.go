package egress

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"reflect"
	"strings"
	"time"
)

const (
	maxSubject = 100 // characters of a certificate's owner that a message has
	maxNames   = 200 // characters of the names that a certificate is for
)

// byTLS explains what crypto/tls says by type, in the handshake or after it: with
// TLS 1.3 a missing client certificate is an alert where the answer should be.
func (f failure) byTLS(err error, seen watched) *Error {
	var (
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		unknown   x509.UnknownAuthorityError
		cert      *tls.CertificateVerificationError
		notTLS    tls.RecordHeaderError
		complaint string
		flaw      Flaw
	)
	switch {
	case errors.As(err, &hostname):
		flaw = WrongName
		complaint = "the certificate of " + f.host + " is for another name: " + namesOf(hostname.Certificate)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		var until string
		until, flaw = validity(invalid.Cert, time.Now())
		complaint = "the certificate of " + f.host + " " + until
	case errors.As(err, &unknown):
		complaint = "the certificate of " + f.host + " is not signed by a trusted authority"
		if errors.As(err, &cert) {
			var end string
			end, flaw = endOf(cert.UnverifiedCertificates)
			complaint += ": " + end
		}
	case errors.As(err, &cert):
		complaint = "the certificate of " + f.host + " could not be verified: " + readable(cert.Err.Error(), maxNames)
	case errors.As(err, &notTLS):
		flaw = NotTLS
		complaint = f.host + " does not speak TLS on this port"
	default:
		if complaint, flaw = f.byAlert(err, seen); complaint == "" {
			return nil
		}
	}
	return &Error{Cause: TLSError, Flaw: flaw, Message: complaint}
}

// namesOf lists the names that a certificate is for.
func namesOf(cert *x509.Certificate) string {
	names := append([]string{}, cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "it has none (subject alternative names; its common name does not count)"
	}
	return "it has " + readable(strings.Join(names, ", "), maxNames)
}

// validity says since when a certificate is not valid any more, or until when it is not valid yet.
func validity(cert *x509.Certificate, now time.Time) (string, Flaw) {
	if now.Before(cert.NotBefore) {
		return "is not valid before " + cert.NotBefore.UTC().Format(time.RFC3339), NotYetValid
	}
	return "has expired on " + cert.NotAfter.UTC().Format(time.RFC3339) + " (" +
		owner(cert.RawSubject, cert.Subject.String()) + ")", Expired
}

// endOf says where a chain of certificates, of which the first is the receiver's own, ends.
func endOf(sent []*x509.Certificate) (string, Flaw) {
	if len(sent) == 0 {
		return "it sent none", UnknownIssuer
	}
	last := sent[0]
	for range sent { // each at most once
		for _, next := range sent {
			if !bytes.Equal(last.RawIssuer, last.RawSubject) && bytes.Equal(last.RawIssuer, next.RawSubject) {
				last = next
				break
			}
		}
	}
	switch {
	case !bytes.Equal(last.RawIssuer, last.RawSubject):
		return "that of its issuer, " + owner(last.RawIssuer, last.Issuer.String()) + ", was not sent; is an intermediate " +
			"certificate missing?", MissingIntermediate
	case last == sent[0]:
		return "it is self-signed", SelfSigned
	default:
		return "its root, " + owner(last.RawSubject, last.Subject.String()) + ", is not known here", UnknownIssuer
	}
}

func owner(raw []byte, name string) string {
	if len(raw) == 0 || name == "" {
		return "without a name"
	}
	return readable(name, maxSubject)
}

// Alerts of TLS (RFC 8446, section 6.2, and RFC 5246, section 7.2.2).
const (
	handshakeFailure     = 40
	protocolVersion      = 70
	insufficientSecurity = 71
	noRenegotiation      = 100
	unrecognizedName     = 112
	certificateRequired  = 116
)

// byAlert explains an alert, the receiver's or ours; empty where there is none. Without the certificate that it has
// asked for a receiver may say anything, or just go.
func (f failure) byAlert(err error, seen watched) (complaint string, flaw Flaw) {
	alert, remote, ok := alertOf(err)
	switch {
	case seen.certAsked && (remote || alert == certificateRequired):
		return f.host + " asks for a client certificate, which Ringback does not have", ClientCertificate
	case !ok:
		return "", ""
	case alert == noRenegotiation:
		return f.host + " asks for a TLS renegotiation, which is not done; does it ask for a client certificate on this path?",
			ClientCertificate
	case alert == protocolVersion:
		return f.host + " does not speak TLS 1.2 or later", OldTLS
	case alert == handshakeFailure, alert == insufficientSecurity:
		return f.host + " has no cipher in common with Ringback, which needs TLS 1.2 with ECDHE, or later (" +
			tls.AlertError(alert).Error() + ")", NoCipher
	case alert == unrecognizedName:
		return f.host + " does not know its name in TLS (" + tls.AlertError(alert).Error() + ")", UnknownName
	default:
		return "the TLS session with " + f.host + " was ended by an alert (" + tls.AlertError(alert).Error() + ")", ""
	}
}

// alertOf finds the alert in an error, and whether it is the receiver's. crypto/tls keeps the type to itself, but names
// the operation so.
func alertOf(err error) (alert uint8, remote, ok bool) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" && op.Op != "local error" {
		return 0, false, false
	}
	code := reflect.ValueOf(op.Err)
	if code.Kind() != reflect.Uint8 {
		return 0, false, false
	}
	return uint8(code.Uint()), op.Op == "remote error", true //nolint:gosec // that is its kind
}
