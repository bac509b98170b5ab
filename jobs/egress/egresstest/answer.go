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

// HTTP1 starts a receiver that answers each request with given bytes and closes its connection. It returns the receiver's URL.
func HTTP1(tb testing.TB, answer []byte) string {
	tb.Helper()
	return "http://" + serve(tb, listen(tb), func(conn net.Conn) {
		request, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, request.Body)
		_, _ = conn.Write(answer)
	})
}

// HTTP2 starts a receiver that lets answer write what it likes to the stream of each request, when the request has come. It returns the
// receiver's URL and the roots that trust it.
func HTTP2(tb testing.TB, answer func(w *http2.Framer, stream uint32)) (string, *x509.CertPool) {
	tb.Helper()
	certified := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	certified.Close()
	roots := x509.NewCertPool()
	roots.AddCert(certified.Certificate())
	l := tls.NewListener(listen(tb), &tls.Config{Certificates: certified.TLS.Certificates, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12})
	return "https://" + serve(tb, l, func(conn net.Conn) {
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
	}), roots
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
	err := w.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: first, EndStream: true, EndHeaders: len(block) == 0})
	for err == nil && len(block) > 0 {
		part := block[:min(len(block), frame)]
		block = block[len(part):]
		err = w.WriteContinuation(stream, len(block) == 0, part)
	}
}

func listen(tb testing.TB) net.Listener {
	tb.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0") //nolint:noctx // it is closed when the test ends
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// serve lets talk have each connection, until the test ends, and returns the address.
func serve(tb testing.TB, l net.Listener, talk func(net.Conn)) string {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
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
