package egresstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"testing"
	"time"
)

// Certificate is for a name, or an address, and signed by itself.
func Certificate(tb testing.TB, name string, from, to time.Time) tls.Certificate {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: to, DNSNames: []string{name},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	switch name {
	case "":
		template.DNSNames = nil
	case "127.0.0.1":
		template.DNSNames, template.IPAddresses = nil, []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		tb.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Chain is a certificate for 127.0.0.1 that an intermediate authority has signed, that one, and its root's.
func Chain(tb testing.TB) (leaf tls.Certificate, intermediate, root []byte) {
	tb.Helper()
	sign := func(
		name string, isCA bool, by *x509.Certificate, signer *ecdsa.PrivateKey,
	) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			tb.Fatal(err)
		}
		template := &x509.Certificate{
			SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
			NotAfter: time.Now().Add(time.Hour),
			IsCA:     isCA, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		}
		if !isCA {
			template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
		}
		if by == nil {
			by, signer = template, key
		}
		der, err := x509.CreateCertificate(rand.Reader, template, by, key.Public(), signer)
		if err != nil {
			tb.Fatal(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			tb.Fatal(err)
		}
		return cert, key
	}
	rootCert, rootKey := sign("Some Root", true, nil, nil)
	middle, middleKey := sign("Some Intermediate", true, rootCert, rootKey)
	end, endKey := sign("leaf", false, middle, middleKey)
	return tls.Certificate{Certificate: [][]byte{end.Raw}, PrivateKey: endKey}, middle.Raw, rootCert.Raw
}
