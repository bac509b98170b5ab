package models

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"time"
)

type requestIDKey struct{}

// WithRequestID returns a context that carries the id of a request, for its answer and the log to speak of the same
// one.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID returns the id of the request that a context belongs to, empty outside of one.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// ClientAddress is the address that a request came from: that of a proxy where there is one.
func ClientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// WorkTime bounds the work for one request, once it is known who calls and the body is read: its statements, of which each
// has 10 s, and the wait for a place.
const WorkTime = 12 * time.Second

type lastingKey struct{}

// WithRequestTime returns a context that ends when a request has taken so long in all.
func WithRequestTime(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithValue(ctx, lastingKey{}, ctx), most)
}

// Lasting returns a context that ends with the caller's connection, however long that is, and has nothing that was put
// into that of the request since: for streams.
func Lasting(ctx context.Context) context.Context {
	if lasting, ok := ctx.Value(lastingKey{}).(context.Context); ok {
		return lasting
	}
	return Patient(ctx)
}

type patientKey struct{}

// WithWorkTime returns a context that ends when the work for a request has taken WorkTime.
func WithWorkTime(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithValue(ctx, patientKey{}, ctx), WorkTime)
}

// Patient returns a context that ends with the request itself, and not when its work has taken WorkTime: for what is
// promised to take longer, since another process does it.
func Patient(ctx context.Context) context.Context {
	if patient, ok := ctx.Value(patientKey{}).(context.Context); ok {
		return patient
	}
	return ctx
}

// MaxBodyBytes is what a body may have at either API: 1 MiB. The largest honest input is 20 headers of 8 KiB.
const MaxBodyBytes = 1 << 20

// ReadBody returns the body of a request: *http.MaxBytesError where it is larger than the limit. Of one that says so
// before nothing is read, and of one that says its length no more is held.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, &http.MaxBytesError{Limit: limit}
	}
	body := bytes.NewBuffer(make([]byte, 0, max(r.ContentLength, 0)+bytes.MinRead))
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	return body.Bytes(), err
}
