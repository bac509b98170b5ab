package main

import (
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

// waiting starts some callbacks that the receiver refuses, and waits until they wait.
func (s *instance) waiting(t *testing.T, url string) []apiCallback {
	t.Helper()
	project := s.newProject(t, url)
	var made []apiCallback
	for range 3 {
		made = append(made, s.finishCrawl(t, newCrawlID(), project))
	}
	for _, c := range made {
		s.awaitAttempts(t, c.UID, 1)
	}
	return made
}

func TestWaitingCallbacksAndCredentialsSurviveARestart(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	h.on("/hook", answers(500, ""))
	first := startServer(
		t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s"}},
	)
	keyID, secret := first.newUserKey(t)
	made := first.waiting(t, h.url("/hook"))
	first.stop(t)
	h.on("/hook", answers(200, ""))
	second := first.startAgain(t, nil)
	for _, c := range made {
		second.awaitStatus(t, c.UID, "SUCCESS")
	}
	second.token = second.newSession(t, keyID, secret)
	second.callback(t, made[0].UID)
	if storetest.OnPostgres() {
		return
	}
	if out := second.stdout.String(); len(out) == 0 || second.token == first.token ||
		len(out) >= len(first.stdout.String()) { // the tokens are shown once
		t.Errorf("the second start prints: %s", out)
	}
	info, err := os.Stat(filepath.Join(second.env["RINGBACK_DATA_DIR"], "encryption.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("encryption.key: %v, %v", info, err)
	}
}

func TestKilledProcessLosesNothing(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	h.on("/hook", answers(500, ""))
	h.on("/held", then(hang, answers(200, "")))
	first := startServer(t, options{process: true, env: vars{
		"RINGBACK_TIMEOUT": "2s", "RINGBACK_RETRY_SCHEDULE": "1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s",
	}})
	made := first.waiting(t, h.url("/hook"))
	held := first.finishCrawl(t, newCrawlID(), first.newProject(t, h.url("/held")))
	h.next(t, "/held")
	if err := first.signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	first.wait(t)
	h.on("/hook", answers(200, ""))
	second := first.startAgain(t, nil)
	for _, c := range made {
		second.awaitStatus(t, c.UID, "SUCCESS")
	}
	// The request that was in flight has a row, and the callback goes again once the lease has run out.
	c := second.awaitStatus(t, held.UID, "SUCCESS")
	if n := c.Attempts.Nodes; len(n) != 2 || n[0].Error == nil || n[0].Error.Code != "INTERRUPTED" || n[1].Error != nil {
		t.Errorf("the history is %+v", n)
	}
}

func TestGracefulStopWaitsForTheAnswer(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			h := newHostile(t)
			release := make(chan struct{})
			h.on("/hook", func(_ http.ResponseWriter, r *http.Request) {
				select {
				case <-release:
				case <-r.Context().Done():
				}
			})
			first := startServer(t, options{process: true})
			made := first.finishCrawl(t, newCrawlID(), first.newProject(t, h.url("/hook")))
			h.next(t, "/hook")
			first.http.CloseIdleConnections()
			if err := first.signal(signal); err != nil {
				t.Fatal(err)
			}
			modelstest.Eventually(t, "the server is not ready any more", func() bool {
				first.http.CloseIdleConnections()
				status, _ := first.get(t, "/readyz")
				return status != http.StatusOK // 0: refused
			})
			modelstest.Eventually(t, "no new connection is accepted", func() bool {
				first.http.CloseIdleConnections()
				status, _ := first.get(t, "/livez")
				return status == 0
			})
			select {
			case <-first.exited:
				t.Fatalf("the process ended before the answer came, with status %d: %s", first.status, first.stderr)
			default:
			}
			close(release)
			if status := first.wait(t); status != exitOK {
				t.Errorf("exit status %d: %s", status, first.stderr)
			}
			// What it wrote before it ended is there: a callback that had been given back would be sent again.
			c := first.startAgain(t, nil).callback(t, made.UID)
			if c.Status != "SUCCESS" || c.AttemptCount != 1 {
				t.Errorf("the attempt was recorded as %+v", c)
			}
			h.nothingAt(t, "/hook")
		})
	}
}
