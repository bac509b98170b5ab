package egress

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"time"
)

// renewalTime is how long before its end a certificate should have been renewed: automatic renewal begins a month
// before, and a manual one takes days.
const renewalTime = 14 * 24 * time.Hour

// handshake looks at a receiver's TLS. It takes every certificate in order to see it, and then judges it as the
// transport does.
type handshake struct {
	host  string
	roots *x509.CertPool // nil: the system's
	asked *bool          // set when the receiver asks for a client certificate

	state  tls.ConnectionState
	chains [][]*x509.Certificate // that lead to a root
}

func (h *handshake) config() *tls.Config {
	return &tls.Config{
		ServerName: h.host, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			*h.asked = true
			return &tls.Certificate{}, nil
		},
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection does it, once it has kept what there is to see
		VerifyConnection: func(state tls.ConnectionState) (err error) {
			h.state = state
			options := x509.VerifyOptions{Roots: h.roots, DNSName: h.host, Intermediates: x509.NewCertPool()}
			for _, intermediate := range state.PeerCertificates[1:] {
				options.Intermediates.AddCert(intermediate)
			}
			if h.chains, err = state.PeerCertificates[0].Verify(options); err != nil {
				return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: err}
			}
			return nil
		},
	}
}

// left is for how long the first of the certificates to end is still valid.
func (h *handshake) left(now time.Time) time.Duration {
	left := h.chains[0][0].NotAfter.Sub(now)
	for _, c := range h.chains[0][1:] {
		left = min(left, c.NotAfter.Sub(now))
	}
	return left
}

// detail tells of a handshake that succeeded.
func (h *handshake) detail() string {
	protocol := "HTTP/1.1"
	if h.state.NegotiatedProtocol == "h2" {
		protocol = "HTTP/2"
	}
	leaf := h.chains[0][0]
	return fmt.Sprintf("%s with %s, %s. The certificate is for %s, and valid until %s (%d days). Chain: %s",
		tls.VersionName(h.state.Version), tls.CipherSuiteName(h.state.CipherSuite), protocol,
		strings.TrimPrefix(namesOf(leaf), "it has "), leaf.NotAfter.UTC().Format(time.DateOnly),
		int(h.left(time.Now()).Hours()/24),
		subjects(h.chains[0]))
}

// sent tells which certificates came; empty: none.
func (h *handshake) sent() string {
	if len(h.state.PeerCertificates) == 0 {
		return ""
	}
	return "It sent: " + subjects(h.state.PeerCertificates)
}

// Handshake is what a receiver has said of itself.
type Handshake struct {
	Version, Cipher string        // empty: none was agreed on
	Chain           []Certificate // as it was sent, the receiver's own first; at most five
}

// Certificate is one of a chain.
type Certificate struct {
	Subject, Issuer string
	Names           []string // that it is for, at most ten
	NotAfter        time.Time
}

// maxCertificateNames of one are told: some are for hundreds.
const maxCertificateNames = 10

// seen returns nil where no certificate came.
func (h *handshake) seen() *Handshake {
	if len(h.state.PeerCertificates) == 0 {
		return nil
	}
	seen := &Handshake{
		Version: tls.VersionName(h.state.Version), Cipher: tls.CipherSuiteName(h.state.CipherSuite),
	}
	for _, c := range h.state.PeerCertificates[:min(len(h.state.PeerCertificates), maxSubjects)] {
		told := Certificate{
			Subject: owner(c.RawSubject, c.Subject.String()), Issuer: owner(c.RawIssuer, c.Issuer.String()),
			NotAfter: c.NotAfter,
		}
		for _, name := range c.DNSNames[:min(len(c.DNSNames), maxCertificateNames)] {
			told.Names = append(told.Names, readable(name, maxSubject))
		}
		for _, ip := range c.IPAddresses[:min(len(c.IPAddresses), maxCertificateNames-len(told.Names))] {
			told.Names = append(told.Names, ip.String())
		}
		seen.Chain = append(seen.Chain, told)
	}
	return seen
}

// maxSubjects of a chain are named.
const maxSubjects = 5

func subjects(chain []*x509.Certificate) string {
	var names []string
	for _, c := range chain[:min(len(chain), maxSubjects)] {
		names = append(names, owner(c.RawSubject, c.Subject.String()))
	}
	if len(chain) > maxSubjects {
		names = append(names, fmt.Sprintf("%d more", len(chain)-maxSubjects))
	}
	return strings.Join(names, ", signed by ")
}
