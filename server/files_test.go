package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models/modelstest"
)

// With too few files for its connections the process fails at many of them. The receiver is not told to have failed,
// nor is the partner.
func TestProcessThatIsOutOfFilesTellsNoPartner(t *testing.T) {
	t.Parallel()
	const callbacks = 200
	s := startServer(t, options{process: true, files: 64, env: vars{
		"RINGBACK_CONCURRENCY": "200", "RINGBACK_PER_HOST": "200", "RINGBACK_RETRY_SCHEDULE": "none",
	}})
	if !strings.Contains(s.stderr.String(), "this process may open 64 files; 400 are needed") {
		t.Errorf("it does not warn: %s", s.stderr)
	}
	h := newHostile(t)
	s.setWebhook(t, h.url("/sso"))
	r := &crashRun{hostile: h, made: map[string]bool{}}
	r.on("/hook", func(_ http.ResponseWriter, q *http.Request) {
		takeYourTime(q, 500*time.Millisecond)
	})
	r.project = s.newProject(t, r.url("/hook"))
	for range callbacks { // a connection to the database may want for a file too: then the API fails, and is asked again
		r.insist(t, s)
	}
	modelstest.Eventually(t, "every callback has arrived", func() bool {
		n, err := r.tryCount(t, s, "status: [SUCCESS]")
		return err == nil && n == callbacks
	})
	h.nothingAt(t, "/sso")
	if n := strings.Count(s.stderr.String(), `LOCAL_ERROR`); n == 0 {
		t.Error("no attempt wanted for a file: this test shows nothing")
	}
	if n := r.count(t, s, ""); n != callbacks {
		t.Errorf("%d callbacks, want %d and no notice", n, callbacks)
	}
}
