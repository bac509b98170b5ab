package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
)

// flushTime is how long the last spans may take to the collector when the process stops.
const flushTime = 2 * time.Second

// startTracing exports traces over OTLP/HTTP when the standard variable OTEL_EXPORTER_OTLP_ENDPOINT (or its _TRACES_
// twin) names a collector; the other OTEL_* variables mean what the OpenTelemetry specification says. It returns what
// flushes and ends it.
func startTracing(ctx context.Context) (stop func(context.Context) error, err error) {
	if !tracing() {
		return func(context.Context) error { return nil }, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", "ringback"), attribute.String("service.version", version),
	), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter), trace.WithResource(about))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagator())
	return provider.Shutdown, nil
}

func tracing() bool {
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// propagator is what OTEL_PROPAGATORS names, of which Ringback knows tracecontext; with any other, such as none, traces
// neither come in nor go out with requests.
func propagator() propagation.TextMapPropagator {
	names := os.Getenv("OTEL_PROPAGATORS")
	if names == "" ||
		slices.ContainsFunc(
			strings.Split(names, ","), func(name string) bool { return strings.TrimSpace(name) == "tracecontext" },
		) {
		return propagation.TraceContext{}
	}
	return propagation.NewCompositeTextMapPropagator()
}

// traced gives each request a span, or continues the caller's trace. Where no collector hears of them it does nothing.
func traced(name string, next http.Handler) http.Handler {
	if !tracing() {
		return next
	}
	return otelhttp.NewHandler(next, name)
}
