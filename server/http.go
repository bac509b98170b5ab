package main

import (
	"net/http"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/cors"

	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/rest"
)

const headerRequestID = "X-Request-Id"

// handler routes. A worker serves only what operators ask for.
func (s *server) handler() (h http.Handler, explorerOffline bool) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.Handle("GET /readyz", s.health)
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	if s.role == roleWorker {
		return mux, false
	}
	mux.Handle("/graphql", s.crossOrigin(traced("graphql", identified(graph.NewHandler(s.service, version, s.log))), http.MethodPost))
	mux.Handle("/v1/", s.crossOrigin(traced("rest", identified(rest.NewHandler(s.service, s.log))), http.MethodGet, http.MethodPost))
	page, offline := explorer("/graphql")
	mux.Handle("/explorer", page)
	mux.Handle("/explorer/", page)
	mux.Handle("GET /{$}", http.RedirectHandler("/explorer", http.StatusFound))
	return mux, offline
}

// crossOrigin lets front ends of the configured origins call an API. Credentials travel in headers and never in cookies, so
// a page of another origin has nothing to ride on.
func (s *server) crossOrigin(next http.Handler, methods ...string) http.Handler {
	if len(s.cfg.CORSOrigins) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins: s.cfg.CORSOrigins,
		AllowedMethods: methods,
		AllowedHeaders: []string{
			"Content-Type", "Authorization", "X-Auth-Token", "X-Api-Key", "X-Project-Id",
			"Apollographql-Client-Name", "Apollographql-Client-Version",
		},
		ExposedHeaders: []string{headerRequestID},
		MaxAge:         600,
	}).Handler(next)
}

// identified gives each request an id, for the caller and the log to speak of the same one.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := uuid.NewString()
		w.Header().Set(headerRequestID, id)
		next.ServeHTTP(w, r.WithContext(models.WithRequestID(r.Context(), id)))
	})
}
