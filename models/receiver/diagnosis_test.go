package receiver_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/receiver"
)

// ask asks for a diagnosis, and does not wait for it.
func ask(w *modelstest.World, who *models.Actor, of receiver.Of) (*receiver.Diagnosis, error) {
	return w.Diagnose(w.T.Context(), who, receiver.ToDiagnose{Of: of, Field: "owner"})
}

func mustAsk(w *modelstest.World, of receiver.Of) *receiver.Diagnosis {
	w.T.Helper()
	d, err := ask(w, w.Platform, of)
	modelstest.NoError(w.T, err)
	return d
}

func take(w *modelstest.World, limit int) []*receiver.Examination {
	w.T.Helper()
	taken, err := w.Take(w.T.Context(), limit)
	modelstest.NoError(w.T, err)
	return taken
}

func read(w *modelstest.World, id int64) *receiver.Diagnosis {
	w.T.Helper()
	d, err := w.Diagnosis(w.T.Context(), w.Platform, id)
	modelstest.NoError(w.T, err)
	return d
}

func TestADiagnosisIsTakenNotedAndEnded(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	asked := mustAsk(w, receiver.Of{ProjectID: w.Shop.ID})
	if asked.Status() != receiver.DiagnosisRunning || asked.URL != modelstest.ProjectURL || asked.StartedAt != nil {
		t.Errorf("%+v", asked)
	}
	e := take(w, 4)[0]
	if e.Refusal() != nil || e.URL != modelstest.ProjectURL {
		t.Errorf("%+v", e.Refusal())
	}
	modelstest.NoError(t, e.Note(t.Context(), receiver.Step{Name: receiver.StepURL, Status: receiver.StepOK, Detail: "well"}))
	if d := read(w, asked.ID); d.StartedAt == nil || len(d.Steps) != 1 || d.Status() != receiver.DiagnosisRunning {
		t.Errorf("%+v", d)
	}
	modelstest.NoError(t, e.Note(t.Context(), receiver.Step{Name: receiver.StepDNS, Status: receiver.StepWarning}))
	modelstest.NoError(t, e.End(t.Context()))
	if d := read(w, asked.ID); d.Status() != receiver.DiagnosisWarning || d.FinishedAt == nil {
		t.Errorf("%+v", d)
	}
	w.Clock.Advance(25 * time.Hour)
	if gone := w.MustPurge(callback.Retention{Rows: modelstest.Retention}); gone["diagnoses"] != 1 {
		t.Errorf("%v", gone)
	}
	_, err := w.Diagnosis(t.Context(), w.Platform, asked.ID)
	modelstest.WantError(t, err, models.CodeNotFound, "")
}

// TestADiagnosisEndsThoughItsWorkerDoesNot: nobody waits for ever, and who is late changes nothing.
func TestADiagnosisEndsThoughItsWorkerDoesNot(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	died := mustAsk(w, receiver.Of{ProjectID: w.Shop.ID})
	e := take(w, 1)[0]
	modelstest.NoError(t, e.Note(t.Context(), receiver.Step{Name: receiver.StepURL, Status: receiver.StepOK}))
	alone := mustAsk(w, receiver.Of{SSOClientID: w.Partner.ID})
	w.Clock.Advance(6 * time.Second)
	if taken := take(w, 4); len(taken) != 0 {
		t.Errorf("%d were taken with too little time left", len(taken))
	}
	w.Clock.Advance(19*time.Second - time.Microsecond)
	if d := read(w, died.ID); d.Status() != receiver.DiagnosisRunning {
		t.Errorf("%+v", d)
	}
	w.Clock.Advance(time.Microsecond)
	for id, want := range map[int64]struct {
		failed receiver.StepName
		says   string
	}{died.ID: {receiver.StepDNS, "has not ended it"}, alone.ID: {receiver.StepURL, "none has taken"}} {
		d := read(w, id)
		if d.Status() != receiver.DiagnosisFailed || !d.FinishedAt.Equal(d.Deadline) || len(d.Steps) != 7 {
			t.Errorf("%+v", d)
		}
		for _, s := range d.Steps {
			told := s.Name == want.failed && s.Status == receiver.StepFailed && s.Remedy != nil &&
				strings.Contains(s.Detail, "no worker answered") && strings.Contains(s.Detail, want.says)
			if s.Name == want.failed != told {
				t.Errorf("%s: %+v", s.Name, s)
			}
			if told {
				modelstest.WantRemedy(t, want.says, s.Remedy)
			}
		}
	}
	modelstest.NoError(t, e.Note(t.Context(), receiver.Step{Name: receiver.StepDNS, Status: receiver.StepOK}))
	modelstest.NoError(t, e.End(t.Context()))
	if d := read(w, died.ID); d.Status() != receiver.DiagnosisFailed {
		t.Errorf("a late worker changed it: %+v", d)
	}
}

// TestFiveDiagnosesAMinuteOfAnAccount: who has many receivers that hang leaves workers room for others.
func TestFiveDiagnosesAMinuteOfAnAccount(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for range 5 {
		mustAsk(w, receiver.Of{ProjectID: w.NewProject(w.Acme, new(modelstest.ProjectURL)).ID})
	}
	sixth := receiver.Of{ProjectID: w.NewProject(w.Acme, new(modelstest.ProjectURL)).ID}
	_, err := ask(w, w.Platform, sixth)
	modelstest.WantError(t, err, models.CodeRateLimited, "")
	mustAsk(w, receiver.Of{ProjectID: w.NewProject(w.Other, new(modelstest.ProjectURL)).ID})
	mustAsk(w, receiver.Of{SSOClientID: w.Partner.ID})
	w.Clock.Advance(time.Minute)
	mustAsk(w, sixth)
}

func TestTwoWorkersTakeADiagnosisOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	const n = 3
	for range n {
		mustAsk(w, receiver.Of{ProjectID: w.NewProject(w.Acme, new(modelstest.ProjectURL)).ID})
	}
	var mu sync.Mutex
	taken := map[int64]int{}
	modelstest.AtOnce(4, func(int) {
		for range n {
			some, err := w.Take(t.Context(), 1)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			for _, e := range some {
				taken[e.ID]++
			}
			mu.Unlock()
		}
	})
	if len(taken) != n {
		t.Errorf("%v", taken)
	}
	for id, times := range taken {
		if times != 1 {
			t.Errorf("%d was taken %d times", id, times)
		}
	}
}

func TestOneDiagnosisAMinuteOfATarget(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	mustAsk(w, receiver.Of{ProjectID: w.Shop.ID})
	w.Clock.Advance(time.Minute - time.Microsecond)
	_, err := ask(w, w.Editor, receiver.Of{ProjectID: w.Shop.ID})
	modelstest.WantError(t, err, models.CodeRateLimited, "")
	var limited *models.Error
	if !errors.As(err, &limited) || !limited.RetryAt.Equal(modelstest.Start.Add(time.Minute)) {
		t.Errorf("%v", err)
	}
	w.NewTest() // has a rate of its own
	w.Clock.Advance(time.Microsecond)
	mustAsk(w, receiver.Of{ProjectID: w.Shop.ID})
}

func TestWhoMayAskForADiagnosisAndSeeIt(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	ofProject, ofPartner := receiver.Of{ProjectID: w.Shop.ID}, receiver.Of{SSOClientID: w.Partner.ID}
	key, otherKey := w.KeyActor(w.Shop), w.KeyActor(w.NewProject(w.Acme, nil))
	for name, tc := range map[string]struct {
		who  *models.Actor
		of   receiver.Of
		code models.Code
	}{
		"a viewer":                {w.Viewer, ofProject, models.CodeForbidden},
		"an outsider":             {w.Outsider, ofProject, models.CodeNotFound},
		"a stranger":              {nil, ofProject, models.CodeNotFound},
		"another project's key":   {otherKey, ofProject, models.CodeNotFound},
		"an admin of an account":  {w.Admin, ofPartner, models.CodeNotFound},
		"the key, of the partner": {key, ofPartner, models.CodeNotFound},
	} {
		_, err := ask(w, tc.who, tc.of)
		t.Log(name)
		modelstest.WantError(t, err, tc.code, "")
	}
	d, err := ask(w, key, ofProject)
	modelstest.NoError(t, err)
	partners := mustAsk(w, ofPartner)
	for name, tc := range map[string]struct {
		who           *models.Actor
		its, partners bool
	}{
		"the platform": {w.Platform, true, true}, "a viewer": {w.Viewer, true, false}, "its key": {key, true, false},
		"an admin": {w.Admin, true, false}, "an outsider": {w.Outsider, false, false}, "a stranger": {nil, false, false},
		"another project's key": {otherKey, false, false},
	} {
		seen, err := w.Diagnoses(t.Context(), tc.who, d.ID, partners.ID)
		modelstest.NoError(t, err)
		its, partner := false, false
		for _, s := range seen {
			its, partner = its || s.ID == d.ID, partner || s.ID == partners.ID
		}
		if its != tc.its || partner != tc.partners {
			t.Errorf("%s: %t, %t", name, its, partner)
		}
	}
}

func TestADiagnosisNeedsAURL(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	mustAsk(w, receiver.Of{ProjectID: w.Shop.ID})
	w.SetURL(nil) // before a worker has taken it
	e := take(w, 1)[0]
	if refusal := e.Refusal(); refusal == nil || refusal.Code != callback.NoCallbackURL {
		t.Errorf("%+v", refusal)
	}
	w.Clock.Advance(time.Minute)
	w.SetWebhook(nil)
	for _, of := range []receiver.Of{{ProjectID: w.Shop.ID}, {SSOClientID: w.Partner.ID}} {
		_, err := ask(w, w.Platform, of)
		modelstest.WantError(t, err, models.CodeBadUserInput, "owner")
	}
	_, err := ask(w, w.Platform, receiver.Of{SSOClientID: w.NewPartner(modelstest.WebhookURL).ID})
	modelstest.WantError(t, err, models.CodeConflict, "owner")
}

// TestADiagnosisGoesByTheConfigurationOfNow: what was corrected since it was asked for counts.
func TestADiagnosisGoesByTheConfigurationOfNow(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	asked := mustAsk(w, receiver.Of{ProjectID: w.Shop.ID})
	w.SetURL(new("https://other.example/"))
	e := take(w, 1)[0]
	modelstest.NoError(t, e.End(t.Context()))
	if d := read(w, asked.ID); d.URL != "https://other.example/" {
		t.Errorf("%+v", d)
	}
	sent, err := e.Test("Ringback/test")
	modelstest.NoError(t, err)
	if sent.Header.Get("X-Run-Callback") != asked.UID.String() || !strings.HasPrefix(string(sent.Body), "message=test&") {
		t.Errorf("%v %s", sent.Header, sent.Body)
	}
}
