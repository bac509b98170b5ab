package main

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/store/storetest"
)

// silentServer accepts connections and says nothing.
func silentServer(t *testing.T) string {
	t.Helper()
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	return silent.Addr().String()
}

// A caller waits for a database that hangs once, and not for each statement.
func TestDatabaseThatHangsIsATimeoutToWhoeverCalls(t *testing.T) {
	t.Parallel()
	long(t)
	if !storetest.OnPostgres() {
		t.Skip("SQLite does not hang")
	}
	databaseURL, proxy := storetest.Before(t, storetest.Direct(storetest.URL(t)))
	s := startServer(t, options{env: vars{"DATABASE_URL": databaseURL}})
	_, projectKey := s.newProjectKey(t, s.newProject(t, "https://receiver.example.com/"))
	proxy.Turn(silentServer(t))
	proxy.Cut()
	const me, project = "{ me { id accounts { nodes { id } } } }", `{ getProject(id: 1123123) { id callbacks { totalCount } } }`
	const several = `mutation { a: runCrawlForProject(input: {projectId: 1123123}) { crawl { id } }
		b: runCrawlForProject(input: {projectId: 1123123}) { crawl { id } } c: runCrawlForProject(input: {projectId: 1123123}) { crawl { id } } }`
	for name, ask := range map[string]func(t *testing.T) (status int, body string){
		"a user's query":         func(t *testing.T) (int, string) { return s.asked(t, s.user(), me) },
		"the platform's query":   func(t *testing.T) (int, string) { return s.asked(t, s.platform(), project) },
		"the platform's changes": func(t *testing.T) (int, string) { return s.asked(t, s.platform(), several) },
		"a door": func(t *testing.T) (int, string) {
			status, body, _ := s.rest(t, projectKey, http.MethodGet, "/v1/runs/callbacks", "")
			return status, string(body)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			status, body := ask(t)
			took := time.Since(began).Round(time.Millisecond)
			t.Logf("HTTP %d after %s: %s", status, took, body)
			if took > models.WorkTime+2*time.Second || strings.Count(body, "TIMEOUT") != 1 || strings.Contains(body, "our side") {
				t.Errorf("HTTP %d after %s: %s", status, took, body)
			}
		})
	}
}

// asked is post with the body as text.
func (s *instance) asked(t *testing.T, who http.Header, query string) (status int, body string) {
	t.Helper()
	status, text := s.post(t, who, query, nil)
	return status, string(text)
}
