package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

// mixed is a receiver of what two releases make and deliver at once. A program names itself as whoever asks: in the
// User-Agent.
type mixed struct {
	*httptest.Server
	mu       sync.Mutex
	creators map[string]bool            // by ref: whether the release before has made it
	arrived  map[string]map[string]bool // by ref: which release has sent it, by attempt
}

func newMixed(t *testing.T) *mixed {
	t.Helper()
	m := &mixed{creators: map[string]bool{}, arrived: map[string]map[string]bool{}}
	m.Server = httptest.NewServer(m)
	t.Cleanup(m.Close)
	return m
}

// answerTime has what is made wait for a while, so that both have to take some of it.
const answerTime = 20 * time.Millisecond

// ServeHTTP notes who has sent what.
func (m *mixed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	takeYourTime(r, answerTime)
	m.mu.Lock()
	defer m.mu.Unlock()
	ref := r.Header.Get("X-Callback-Ref")
	if m.arrived[ref] == nil {
		m.arrived[ref] = map[string]bool{}
	}
	m.arrived[ref][r.Header.Get("X-Run-Callback")] = r.UserAgent() == "Ringback/previous"
}

// finish ends crawls at a server: one mutation of several, as a platform that is behind sends them.
func (m *mixed) finish(t *testing.T, s *instance, project string, before bool) {
	t.Helper()
	const crawls = 10
	var query strings.Builder
	for i := range crawls {
		fmt.Fprintf(
			&query, "c%d: finishCrawl(input: {crawlId: %d, projectId: %q}) { callback { ref } } ", i, newCrawlID(), project,
		)
	}
	made, err := try[map[string]struct{ Callback struct{ Ref string } }](
		t, s, s.platform(), "mutation { "+query.String()+"}", nil,
	)
	if err != nil {
		t.Error(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, crawl := range made {
		m.creators[crawl.Callback.Ref] = before
	}
}

// crossed is how many callbacks each has delivered that the other has made: the release before, and this one.
func (m *mixed) crossed() (byBefore, byThis, missing int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ref, madeBefore := range m.creators {
		if len(m.arrived[ref]) == 0 {
			missing++
		}
		for _, sentBefore := range m.arrived[ref] {
			switch {
			case sentBefore && !madeBefore:
				byBefore++
			case madeBefore && !sentBefore:
				byThis++
			}
		}
	}
	return byBefore, byThis, missing
}

// keepFinishing ends crawls at a server until it is told to stop, and waits where too many have not arrived.
func (m *mixed) keepFinishing(t *testing.T, s *instance, project string, before bool) (stop func()) {
	t.Helper()
	const ahead = 6000
	stopping := make(chan struct{})
	var finishing sync.WaitGroup
	finishing.Go(func() {
		pause := time.NewTicker(time.Millisecond)
		defer pause.Stop()
		for {
			if _, _, missing := m.crossed(); missing < ahead {
				m.finish(t, s, project, before)
			}
			select {
			case <-stopping:
				return
			case <-pause.C:
			}
		}
	})
	stop = sync.OnceFunc(func() { close(stopping); finishing.Wait() })
	t.Cleanup(stop)
	return stop
}

// The schema comes while the release before works, and then both work on it. They begin with a backlog that lasts until
// each has delivered its thousand of the other's: without one each delivers what it has accepted itself.
func TestReleaseBeforeAndThisOneDeliverWhatTheOtherAccepts(t *testing.T) {
	t.Parallel()
	long(t)
	needsServices(t)
	if raceDetector {
		t.Skip("under it, and with others beside, two releases do not get a thousand of each other's done in time; it " +
			"runs without")
	}
	const each, first = 1000, 4500
	env := newEnv(t)
	maps.Copy(
		env,
		vars{
			"DATABASE_URL": storetest.Direct(storetest.URL(t)), "RINGBACK_POOLER": "session", "RINGBACK_RETRY_SCHEDULE": "none",
		},
	)
	program := previousProgram(t)
	before := startServer(t, options{process: true, program: program, role: roleAPI, env: env})
	m := newMixed(t)
	project := before.newProject(t, m.URL)
	stopBefore := m.keepFinishing(t, before, project, true)
	options{process: true}.migrate(t, env)
	this := start(t, options{process: true, role: roleAPI}, env)
	this.token, this.key = before.token, before.key
	stopThis := m.keepFinishing(t, this, project, false)
	modelstest.Eventually(t, "there is a backlog", func() bool { _, _, missing := m.crossed(); return missing >= first })
	start(t, options{process: true, program: program, role: roleWorker}, env)
	start(t, options{process: true, role: roleWorker}, env)
	var byBefore, byThis, missing int
	modelstest.Eventually(t, "each has delivered a thousand that the other has accepted", func() bool {
		byBefore, byThis, missing = m.crossed()
		return byBefore >= each && byThis >= each
	})
	stopBefore()
	stopThis()
	modelstest.Eventually(
		t, "all has arrived", func() bool { byBefore, byThis, missing = m.crossed(); return missing == 0 },
	)
	t.Logf(
		"of %d the release before delivered %d of this one's, and this one %d of the other's", len(m.creators), byBefore,
		byThis,
	)
	m.check(t, this, project)
}

// check fails if anything came twice, or has not ended well.
func (m *mixed) check(t *testing.T, s *instance, project string) {
	t.Helper()
	type answer struct {
		GetProject struct{ Callbacks struct{ TotalCount int } }
	}
	modelstest.Eventually(t, "all has ended well", func() bool {
		return ask[answer](t, s, s.user(), `query($id: ObjectID!) { getProject(id: $id) {
			callbacks(filter: {status: [PENDING, RUNNING, FAILED]}) { totalCount } } }`, anyMap{"id": project}).GetProject.Callbacks.TotalCount == 0
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	for ref, attempts := range m.arrived {
		if _, made := m.creators[ref]; !made || len(attempts) > 1 {
			t.Errorf("callback %s, made: %t, was sent %d times", ref, made, len(attempts))
		}
	}
}
