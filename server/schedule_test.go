package main

import (
	"testing"
	"time"

	"github.com/ringback/ringback/models/modelstest"
)

// in is a schedule that fires once, after a while; it returns the time, too.
func in(while time.Duration) (at time.Time, changes anyMap) {
	at = time.Now().Add(while).UTC().Truncate(time.Millisecond)
	return at, anyMap{"mode": "SCHEDULE", "schedule": anyMap{"at": at.Format("2006-01-02T15:04:05.000Z")}}
}

func TestOneTimeScheduleBeginsItsRun(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	s := startServer(t, options{})
	h.on("/executor", pages(1))
	project := s.newProject(t, h.url("/hook"))
	at, changes := in(2 * time.Second)
	made := s.createRun(t, project, s.newAction(t, h.url("/executor")), changes)
	if made.Status != "scheduled" || made.Run.Status != "SCHEDULED" || made.Run.Schedule == nil ||
		made.Run.Schedule.Status != "ACTIVE" {
		t.Errorf("createRun answers %+v", made)
	}
	if c := h.nextCall(t, "/executor"); time.Now().Before(at) || c.RunUID != made.Run.UID {
		t.Errorf("the executor was called %s before the time: %+v", time.Until(at), c)
	}
	for range 2 {
		if body, _ := h.nextRunBody(t, "/hook"); body.Run.RunUID != made.Run.UID {
			t.Errorf("the callback is %+v", body)
		}
	}
	r := s.awaitRun(t, made.Run.UID, "SUCCEEDED")
	if r.Schedule == nil || r.Schedule.ID != made.Run.Schedule.ID || r.Schedule.Status != "COMPLETED" {
		t.Errorf("the run is %+v, of the schedule %+v", r, r.Schedule)
	}
	if n := len(s.runsOf(t, project)); n != 1 {
		t.Errorf("%d runs, want 1", n)
	}
}

// killedBeforeItsTime creates a run that waits for its time, kills the server, and waits until the time has passed.
func (s *instance) killedBeforeItsTime(t *testing.T, hook, action string) (killed *instance, project, uid string) {
	t.Helper()
	for while := 2 * time.Second; ; while *= 2 {
		project = s.newProject(t, hook)
		at, changes := in(while)
		uid = s.createRun(t, project, action, changes).Run.UID
		s.kill(t)
		early := time.Now().Before(at)
		modelstest.Eventually(t, "its time has passed", func() bool { return time.Now().After(at) })
		if early {
			return s, project, uid
		}
		s = s.startAgain(t, nil) // a busy machine: the time may have come before the kill
	}
}

func TestScheduleMissedWhileTheServerWasDownFiresOnceAtTheStart(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	first := startServer(t, options{process: true})
	h.on("/executor", pages(1))
	action := first.newAction(t, h.url("/executor"))
	killed, project, uid := first.killedBeforeItsTime(t, h.url("/hook"), action)
	second := killed.startAgain(t, nil)
	r := second.awaitRun(t, uid, "SUCCEEDED")
	if r.Schedule == nil || r.Schedule.Status != "COMPLETED" || len(r.Callbacks.Nodes) != 2 {
		t.Errorf("the run is %+v, of the schedule %+v", r, r.Schedule)
	}
	// What has fired does not fire at the next start.
	second.kill(t)
	third := second.startAgain(t, nil)
	third.awaitRun(t, third.createRun(t, third.newProject(t, ""), action, nil).Run.UID, "SUCCEEDED")
	if n := len(third.runsOf(t, project)); n != 1 {
		t.Errorf("%d runs, want 1", n)
	}
	fired := 0
	for _, c := range h.calls(t, "/executor") {
		if c.RunUID == uid {
			fired++
		}
	}
	if fired != 1 {
		t.Errorf("the executor was called %d times for the schedule", fired)
	}
}

func TestTwoWorkersFireAScheduleOnce(t *testing.T) {
	t.Parallel()
	needsServices(t)
	h := newHostile(t)
	api := startServer(t, options{role: roleAPI})
	for range 2 {
		start(t, options{process: true, role: roleWorker}, api.env)
	}
	h.on("/executor", pages(1))
	project, action := api.newProject(t, h.url("/hook")), api.newAction(t, h.url("/executor"))
	const schedules = 10
	_, changes := in(4 * time.Second) // all at the same moment
	fired := map[string]int{}
	for range schedules {
		fired[api.createRun(t, project, action, changes).Run.UID] = 0
	}
	for uid := range fired {
		if r := api.awaitRun(t, uid, "SUCCEEDED"); r.Schedule == nil || r.Schedule.Status != "COMPLETED" ||
			len(r.Callbacks.Nodes) != 2 {
			t.Errorf("the run is %+v, of the schedule %+v", r, r.Schedule)
		}
	}
	for _, c := range h.calls(t, "/executor") {
		fired[c.RunUID]++
	}
	for uid, calls := range fired {
		if calls != 1 {
			t.Errorf("the executor was called %d times for run %s", calls, uid)
		}
	}
	if n := len(api.runsOf(t, project)); n != schedules || len(fired) != schedules {
		t.Errorf("%d runs, want %d", n, schedules)
	}
}
