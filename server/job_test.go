package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models/modelstest"
)

// jobRecord is what the API tells of a job.
type jobRecord struct {
	ID, RawID, UUID, State string
	LastAction             *string
	Callbacks              struct{ Nodes []apiCallback }
}

const jobFields = ` id rawID uuid state lastAction callbacks(first: 20) { nodes {` + callbackFields + `} } `

// createJobs makes a number of jobs that call back to a URL of their own; an empty one is none.
func (s *instance) createJobs(t *testing.T, project string, number int, url string) []jobRecord {
	t.Helper()
	input := anyMap{"projectId": project, "inputs": make([]anyMap, number)}
	for i := range number {
		input["inputs"].([]anyMap)[i] = anyMap{"number": i}
	}
	if url != "" {
		input["callbackUrl"] = url
	}
	return ask[struct{ CreateJobs struct{ Jobs []jobRecord } }](t, s, s.user(),
		`mutation($input: CreateJobsInput!) { createJobs(input: $input) { jobs { id rawID uuid state } } }`, anyMap{"input": input}).CreateJobs.Jobs
}

const updateJob = `mutation($input: UpdateJobInput!) { updateJob(input: $input) { job { state } callback { uid ref } } }`

// change says what was done to a job, and returns the ref of its callback.
func (s *instance) change(t *testing.T, job jobRecord, input anyMap) (ref string) {
	t.Helper()
	input["jobId"] = job.ID
	return ask[struct {
		UpdateJob struct{ Callback apiCallback }
	}](t, s, s.platform(), updateJob, anyMap{"input": input}).UpdateJob.Callback.Ref
}

// changeThrice resolves, edits and accepts a job, as fast as it goes.
func (s *instance) changeThrice(t *testing.T, job jobRecord) (refs []string) {
	t.Helper()
	return []string{
		s.change(t, job, anyMap{"action": "RESOLVED", "state": "COMPLETED", "output": anyMap{"label": "cat"}}),
		s.change(t, job, anyMap{"action": "EDITED", "output": anyMap{"label": "dog"}}),
		s.change(t, job, anyMap{"action": "ACCEPTED"}),
	}
}

func (s *instance) job(t *testing.T, id string) jobRecord {
	t.Helper()
	return ask[struct{ GetJob jobRecord }](
		t, s, s.user(), `query($id: ObjectID!) { getJob(id: $id) {`+jobFields+`} }`, anyMap{"id": id},
	).GetJob
}

// awaitJob waits until a job has a number of callbacks and all have ended.
func (s *instance) awaitJob(t *testing.T, id string, callbacks int) jobRecord {
	t.Helper()
	var j jobRecord
	modelstest.Eventually(t, fmt.Sprintf("all %d callbacks of job %s have ended", callbacks, id), func() bool {
		j = s.job(t, id)
		return len(j.Callbacks.Nodes) == callbacks && !slices.ContainsFunc(j.Callbacks.Nodes, func(c apiCallback) bool {
			return c.Status == "PENDING" || c.Status == "RUNNING"
		})
	})
	return j
}

// jobBody is a job's callback as a receiver reads it.
type jobBody struct{ ID, UUID, State, Action string }

// jobReceiver takes its time for each callback of a job, and notes whether another one of that job is there meanwhile.
type jobReceiver struct {
	// refuses tells whether a callback is answered with 500; nil: none is.
	refuses func(c jobBody, attempt string) bool

	mu       sync.Mutex
	inFlight map[string]int
	overlaps []string
	arrived  map[string][]string // by the job's uuid: what was done, its state, and the number of the attempt
	refs     map[string][]string // likewise
}

func newJobReceiver(refuses func(c jobBody, attempt string) bool) *jobReceiver {
	return &jobReceiver{
		refuses: refuses, inFlight: map[string]int{}, arrived: map[string][]string{}, refs: map[string][]string{},
	}
}

// ServeHTTP is the behaviour.
func (r *jobReceiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	var c jobBody
	decoder := json.NewDecoder(q.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.enter(c, q.Header)
	takeYourTime(q, 20*time.Millisecond) // or the worker was killed
	r.leave(c.UUID)                      // before the answer: the next one cannot come sooner
	if r.refuses != nil && r.refuses(c, q.Header.Get("X-Callback-Attempt")) {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

func (r *jobReceiver) enter(c jobBody, header http.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	what := c.Action + " " + c.State + " " + header.Get("X-Callback-Attempt")
	r.arrived[c.UUID] = append(r.arrived[c.UUID], what)
	r.refs[c.UUID] = append(r.refs[c.UUID], header.Get("X-Callback-Ref"))
	if r.inFlight[c.UUID]++; r.inFlight[c.UUID] > 1 {
		r.overlaps = append(r.overlaps, c.UUID+": "+what)
	}
}

func (r *jobReceiver) leave(uuid string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inFlight[uuid]--
}

// check compares what has arrived of a job, and the refs in it, without repeats.
func (r *jobReceiver) check(t *testing.T, job jobRecord, wantRefs, want []string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if want != nil {
		if diff := cmp.Diff(want, r.arrived[job.UUID]); diff != "" {
			t.Errorf("job %s (-want +arrived):\n%s", job.UUID, diff)
		}
	}
	if diff := cmp.Diff(wantRefs, slices.Compact(slices.Clone(r.refs[job.UUID]))); diff != "" {
		t.Errorf("job %s, callbacks in the order of the changes (-want +arrived):\n%s", job.UUID, diff)
	}
	if len(r.overlaps) > 0 {
		t.Errorf("two callbacks of one job in flight: %v", r.overlaps)
	}
}

func TestCallbacksOfAJobArriveInTheOrderOfItsChanges(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "1s,1s"}})
	r := newJobReceiver(func(c jobBody, attempt string) bool { return c.Action == "RESOLVED" && attempt == "1" })
	h.on("/jobs/", r.ServeHTTP)
	refs := map[string][]string{}
	jobs := s.createJobs(t, s.newProject(t, h.url("/elsewhere")), 6, h.url("/jobs/"))
	for _, j := range jobs {
		refs[j.ID] = s.changeThrice(t, j)
	}
	for _, j := range jobs {
		if got := s.awaitJob(t, j.ID, 3); got.State != "COMPLETED" || got.LastAction == nil || *got.LastAction != "ACCEPTED" {
			t.Errorf("the job is %+v", got)
		}
		r.check(
			t, j, refs[j.ID],
			[]string{"RESOLVED COMPLETED 1", "RESOLVED COMPLETED 2", "EDITED COMPLETED 1", "ACCEPTED COMPLETED 1"},
		)
		if got := h.next(t, "/jobs/"); !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") {
			t.Errorf("arrived %+v", got)
		}
	}
	h.nothingAt(t, "/elsewhere")
}

func TestCallbackOfAJobThatWaitsKeepsOtherJobsWaitingNot(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{})
	release := make(chan struct{})
	h.on("/held/", held(release, answers(200, "")))
	project := s.newProject(t, "")
	slow, quick := s.createJobs(t, project, 1, h.url("/held/"))[0], s.createJobs(t, project, 1, h.url("/quick/"))[0]
	s.changeThrice(t, slow)
	h.next(t, "/held/")
	s.changeThrice(t, quick)
	s.awaitJob(t, quick.ID, 3)
	h.nothingAt(t, "/held/")
	close(release)
	s.awaitJob(t, slow.ID, 3)
	for range 2 {
		h.next(t, "/held/")
	}
}

func TestGivenUpCallbackOfAJobLetsTheNextGo(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "none"}})
	r := newJobReceiver(func(c jobBody, _ string) bool { return c.Action != "ACCEPTED" })
	h.on("/account", r.ServeHTTP)
	s.setAccount(t, h.url("/account"))
	job := s.createJobs(t, s.newProject(t, ""), 1, "")[0]
	refs := s.changeThrice(t, job)
	var outcomes []string
	for _, c := range s.awaitJob(t, job.ID, 3).Callbacks.Nodes { // newest first
		outcomes = append(outcomes, c.Status)
	}
	if diff := cmp.Diff([]string{"SUCCESS", "FAILED", "FAILED"}, outcomes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r.check(t, job, refs, []string{"RESOLVED COMPLETED 1", "EDITED COMPLETED 1", "ACCEPTED COMPLETED 1"})
}

// A failure is written down with its notice while the platform changes the same job: neither may have to wait for the
// other.
func TestJobIsChangedWhileItsCallbacksFail(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{env: vars{"RINGBACK_RETRY_SCHEDULE": "none"}})
	s.setWebhook(t, h.url("/sso"))
	h.on("/jobs/", answers(500, ""))
	job := s.createJobs(t, s.newProject(t, ""), 1, h.url("/jobs/"))[0]
	s.change(t, job, anyMap{"action": "RESOLVED", "state": "COMPLETED"})
	const editors, edits = 4, 5
	var editing sync.WaitGroup
	for editor := range editors {
		editing.Go(func() {
			for edit := range edits {
				status, body := s.post(t, s.platform(), updateJob, anyMap{
					"input": anyMap{"jobId": job.ID, "action": "EDITED", "output": []int{editor, edit}},
				})
				if status != http.StatusOK || bytes.Contains(body, []byte(`"errors"`)) {
					t.Errorf("HTTP %d: %s", status, body)
				}
			}
		})
	}
	editing.Wait()
	modelstest.Eventually(
		t, "all have been given up, and told of", func() bool { return len(h.at("/sso")) == 1+editors*edits },
	)
	h.next(t, "/jobs/")
	if log := s.stderr.String(); strings.Contains(log, "deadlock") {
		t.Errorf("the log says: %s", log)
	}
}

func TestKilledWorkerKeepsTheCallbacksOfJobsInOrder(t *testing.T) {
	t.Parallel()
	long(t)
	needsServices(t)
	h := newHostile(t)
	api := startServer(t, options{role: roleAPI, env: crashEnv(nil)})
	first := start(t, options{process: true, role: roleWorker}, api.env)
	start(t, options{process: true, role: roleWorker}, api.env)
	r := newJobReceiver(func(c jobBody, attempt string) bool { return c.Action == "EDITED" && attempt == "1" })
	made := make(chan struct{})
	h.on("/jobs/", held(made, r.ServeHTTP))
	project := api.newProject(t, "")
	jobs := api.createJobs(t, project, 40, h.url("/jobs/"))
	refs := map[string][]string{}
	for _, j := range jobs {
		refs[j.ID] = api.changeThrice(t, j)
	}
	close(made)
	modelstest.Eventually(t, "some have arrived", func() bool { return len(h.at("/jobs/")) > len(jobs) })
	first.kill(t)
	for _, j := range jobs {
		for _, c := range api.awaitJob(t, j.ID, 3).Callbacks.Nodes {
			if c.Status != "SUCCESS" {
				t.Errorf("job %s: %+v", j.UUID, c)
			}
		}
		r.check(t, j, refs[j.ID], nil) // what was in flight comes again, and nothing else before it
	}
	var attempts []string
	for len(h.at("/jobs/")) > 0 {
		attempts = append(attempts, (<-h.at("/jobs/")).header.Get("X-Run-Callback"))
	}
	run := crashRun{hostile: h, project: project}
	checkAgain(t, again(t, attempts, run.attemptsInHistory(t, api), 3*len(jobs)), 1)
}
