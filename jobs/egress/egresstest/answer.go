package egresstest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// Raw starts a receiver that lets talk have each connection, and then closes it, until the test ends. It returns the
// receiver's host and port.
func Raw(tb testing.TB, talk func(conn *net.TCPConn)) string {
	tb.Helper()
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		tb.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.AcceptTCP()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				talk(conn)
			}()
		}
	}()
	tb.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String()
}

// HTTP1 starts a receiver that lets answer write what it likes to the connection of each request, when the request has
// come, and then closes it. It returns the receiver's URL.
func HTTP1(tb testing.TB, answer func(conn *net.TCPConn)) string {
	tb.Helper()
	return "http://" + Raw(tb, func(conn *net.TCPConn) {
		request, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, request.Body)
		answer(conn)
	})
}

// Text is an answer for HTTP1, whatever it is.
func Text(text string) func(conn *net.TCPConn) {
	return func(conn *net.TCPConn) { _, _ = io.WriteString(conn, text) }
}

// HTTP2 starts a receiver that lets answer write what it likes to the stream of each request, when the request has
// come. It returns the receiver's URL and the roots that trust it.
func HTTP2(tb testing.TB, answer func(w *http2.Framer, stream uint32)) (string, *x509.CertPool) {
	tb.Helper()
	return secure(tb, []string{"h2"}, answer)
}

// HTTP2Or1 is HTTP2 for whoever speaks that, and answers all others with 200 on HTTP/1.1.
func HTTP2Or1(tb testing.TB, answer func(w *http2.Framer, stream uint32)) (string, *x509.CertPool) {
	tb.Helper()
	return secure(tb, []string{"h2", "http/1.1"}, answer)
}

func secure(tb testing.TB, protocols []string, answer func(w *http2.Framer, stream uint32)) (string, *x509.CertPool) {
	tb.Helper()
	certified := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	certified.Close()
	roots := x509.NewCertPool()
	roots.AddCert(certified.Certificate())
	cfg := &tls.Config{Certificates: certified.TLS.Certificates, NextProtos: protocols, MinVersion: tls.VersionTLS12}
	return "https://" + Raw(tb, func(tcp *net.TCPConn) {
		conn := tls.Server(tcp, cfg)
		defer func() { _ = conn.Close() }()
		if conn.Handshake() != nil { //nolint:noctx // it ends with the connection
			return
		}
		if conn.ConnectionState().NegotiatedProtocol == "h2" {
			talkHTTP2(conn, answer)
			return
		}
		for requests := bufio.NewReader(conn); ; {
			request, err := http.ReadRequest(requests)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, request.Body)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	}), roots
}

func talkHTTP2(conn net.Conn, answer func(w *http2.Framer, stream uint32)) {
	if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	framer := http2.NewFramer(conn, conn)
	if framer.WriteSettings() != nil {
		return
	}
	for {
		frame, err := framer.ReadFrame()
		if err != nil && !errors.As(err, &http2.StreamError{}) {
			return
		}
		if frame, ok := frame.(*http2.DataFrame); ok && frame.StreamEnded() {
			answer(framer, frame.StreamID)
		}
	}
}

// Fields is a block of header fields for HTTP/2: names and values in turn. Nothing is checked.
func Fields(pairs ...string) []byte {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for i := 0; i+1 < len(pairs); i += 2 {
		_ = encoder.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]}) // a bytes.Buffer never fails
	}
	return block.Bytes()
}

// Answer is an answer for HTTP2 with a status as it is given, whatever that is.
func Answer(status string) func(w *http2.Framer, stream uint32) {
	return func(w *http2.Framer, stream uint32) {
		WriteHeaders(w, stream, Fields(":status", status))
	}
}

// WriteHeaders ends a stream with a header block, in as many frames as that takes.
func WriteHeaders(w *http2.Framer, stream uint32, block []byte) {
	const frame = 16 << 10 // the largest that a receiver must take
	first := block[:min(len(block), frame)]
	block = block[len(first):]
	err := w.WriteHeaders(
		http2.HeadersFrameParam{StreamID: stream, BlockFragment: first, EndStream: true, EndHeaders: len(block) == 0},
	)
	for err == nil && len(block) > 0 {
		part := block[:min(len(block), frame)]
		block = block[len(part):]
		err = w.WriteContinuation(stream, len(block) == 0, part)
	}
}
