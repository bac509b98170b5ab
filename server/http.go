package main

import (
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/cors"

	"github.com/ringback/ringback/console"
	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/rest"
)

const headerRequestID = "X-Request-Id"

// pageLibraries says where the pages for people take their libraries from.
type pageLibraries struct {
	explorerOffline bool
	console         string
}

// handler routes. A worker serves only what operators ask for.
func (s *server) handler() (h http.Handler, p pageLibraries, err error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.Handle("GET /readyz", s.health)
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	if s.role == roleWorker {
		return unsniffed(mux), p, nil
	}
	answers := newAnswers(s.cfg.AnswerLimit, s.log)
	doors := rest.NewHandler(s.services, answers, s.log)
	doors = s.crossOrigin(traced("rest", identified(bounded(doors))), http.MethodGet, http.MethodPost)
	api := graph.NewHandler(s.services, answers, version, s.log)
	mux.Handle("/graphql", s.crossOrigin(traced("graphql", identified(bounded(api))), http.MethodGet, http.MethodPost))
	mux.HandleFunc("GET /schema.graphqls", graph.ServeSchema)
	page, offline := explorer("/graphql")
	mux.Handle("/explorer", page)
	mux.Handle("/explorer/", page)
	people, err := console.New(s.cfg.EmbedOrigins)
	if err != nil {
		return nil, p, err
	}
	for _, pattern := range []string{"/console", "/console/", "/accounts/{account}/projects/{project}/edit"} {
		mux.Handle("GET "+pattern, people)
	}
	mux.Handle("GET /{$}", http.RedirectHandler("/console", http.StatusFound))
	return unsniffed(uncleaned(mux, "/v1", doors)), pageLibraries{explorerOffline: offline, console: people.Libraries}, nil
}

// requestTimeout bounds what a request may take in all, once its header is read: as long as its body may. The work for it
// has models.WorkTime.
const requestTimeout = 30 * time.Second

// bounded gives up requests that take too long.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := models.WithRequestTime(r.Context(), requestTimeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// unsniffed keeps browsers from taking an answer for something else than it says it is: bodies that customers chose are
// among them.
func unsniffed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// uncleaned hands whatever means a path below a folder to the folder's handler, as it is, and so what is no path that
// anything is at, such as // or /v1/../graphql: there it is refused. The mux would answer with a redirect to another one,
// which programs follow with their credentials or do not, and in HTML.
func uncleaned(mux http.Handler, folder string, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cleaned, asked := path.Clean(r.URL.Path), r.URL.Path
		if cleaned != "/" {
			asked = strings.TrimSuffix(asked, "/")
		}
		if asked != "" && cleaned != asked || cleaned == folder || strings.HasPrefix(cleaned, folder+"/") {
			handler.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// crossOrigin lets front ends of the configured origins call an API. Credentials travel in headers and never in
// cookies, so a page of another origin has nothing to ride on.
func (s *server) crossOrigin(next http.Handler, methods ...string) http.Handler {
	if len(s.cfg.CORSOrigins) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins: s.cfg.CORSOrigins,
		AllowedMethods: methods,
		AllowedHeaders: append([]string{
			"Content-Type", "Authorization", "X-Auth-Token", "X-Api-Key", "X-Project-Id", "Idempotency-Key", "X-Query-Cost",
			"Apollographql-Client-Name", "Apollographql-Client-Version",
		}, s.cfg.CORSHeaders...),
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
