package receiver_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/receiver"
)

// wantBody compares a body with a golden file, but for the ref, which is another one each time.
func wantBody(t *testing.T, name string, c *callback.Callback) {
	t.Helper()
	modelstest.Golden(t, name, []byte(strings.ReplaceAll(string(c.Body), c.Ref.String(), "01990000-0000-7000-8000-000000000001")))
}

func TestATestOfAProjectAndOfAPartner(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.ReadCallback(w.NewTest().ID)
	wantBody(t, "test.txt", c)
	if c.Event != callback.TestEvent || *c.TargetURL != modelstest.ProjectURL || *c.CreatedByUserID != w.Editor.UserID {
		t.Errorf("%+v", c)
	}
	test, err := w.SendTest(t.Context(), w.Platform, receiver.TestToSend{Of: receiver.Of{SSOClientID: w.Partner.ID}})
	modelstest.NoError(t, err)
	c = w.ReadCallback(test.Callback.ID)
	wantBody(t, "test_partner.json", c)
	if c.Target != callback.TargetSSOClient || *c.TargetURL != modelstest.WebhookURL || c.ContentType !=
		callback.ContentTypeJSON {
		t.Errorf("%+v", c)
	}
	modelstest.WantStatus(t, w.Deliver(c.ID, modelstest.Answered(206)), callback.StatusSuccess)
	// The project's people see that there was one, and nothing of the webhook.
	seen, err := w.Callback(t.Context(), w.Admin.Scope(models.RoleViewer), c.ID)
	if err != nil || seen.TargetURL != nil {
		t.Errorf("%v, %v", seen, err)
	}
}

func TestATestWaitsForWhatComesOfIt(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	patient := w.PatientReceivers()
	sent := make(chan *receiver.Test, 1)
	go func() {
		test, err := patient.SendTest(t.Context(), w.Editor, receiver.TestToSend{Of: receiver.Of{ProjectID: w.Shop.ID}})
		if err != nil {
			t.Error(err)
		}
		sent <- test
	}()
	modelstest.Eventually(t, "it is there", func() bool { return len(w.CallbacksOf(callback.TestEvent)) == 1 })
	w.Deliver(w.CallbacksOf(callback.TestEvent)[0].ID, modelstest.Answered(418))
	test := modelstest.Receive(t, "the answer", sent)
	if test.Callback.Status != callback.StatusFailed || test.Attempt == nil || *test.Attempt.HTTPStatus != 418 {
		t.Errorf("%+v, %+v", test.Callback, test.Attempt)
	}
}

func TestATestThatHasNotEndedHasNoAttempt(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	test, err := w.SendTest(t.Context(), w.Editor, receiver.TestToSend{Of: receiver.Of{ProjectID: w.Shop.ID}})
	if err != nil || test.Attempt != nil || test.Callback.Status != callback.StatusPending {
		t.Errorf("%+v, %v", test, err)
	}
}

func TestTenTestsAMinuteToATarget(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.SetTarget(nil, new(modelstest.AccountURL))
	second := w.NewProject(w.Acme, nil)
	w.SetURL(nil) // both go to the account's now
	send := func(projectID int64) error {
		_, err := w.SendTest(t.Context(), w.Editor, receiver.TestToSend{Of: receiver.Of{ProjectID: projectID}})
		return err
	}
	for i := range 10 {
		modelstest.NoError(t, send([]int64{w.Shop.ID, second.ID}[i%2]))
		w.Clock.Advance(time.Second)
	}
	err := send(w.Shop.ID)
	modelstest.WantError(t, err, models.CodeRateLimited, "")
	var limited *models.Error
	if !errors.As(err, &limited) || !limited.RetryAt.Equal(modelstest.Start.Add(time.Minute)) ||
		!strings.Contains(limited.Message, "2026-01-02T03:05:05.000Z") {
		t.Errorf("%v", err)
	}
	if n := len(w.CallbacksOf(callback.TestEvent)); n != 10 {
		t.Errorf("%d were made", n)
	}
	modelstest.NoError(t, send(w.NewProject(w.Acme, new("https://other.example/")).ID)) // another target
	w.Clock.Advance(50*time.Second - time.Microsecond)
	modelstest.WantError(t, send(w.Shop.ID), models.CodeRateLimited, "")
	w.Clock.Advance(time.Microsecond)
	modelstest.NoError(t, send(w.Shop.ID))
}

// TestTestsAtOnceAreCountedOneByOne.
func TestTestsAtOnceAreCountedOneByOne(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	sent := make(chan bool, 16)
	modelstest.AtOnce(cap(sent), func(int) {
		_, err := w.SendTest(t.Context(), w.Editor, receiver.TestToSend{Of: receiver.Of{ProjectID: w.Shop.ID}})
		if err != nil && models.ErrorCode(err) != models.CodeRateLimited {
			t.Error(err)
		}
		sent <- err == nil
	})
	close(sent)
	n := 0
	for ok := range sent {
		if ok {
			n++
		}
	}
	if n != 10 {
		t.Errorf("%d were sent", n)
	}
}

// TestATestHasTheFormOfAnyEventThatGoesThere: content type and body are those of a sample, all else is a test's.
func TestATestHasTheFormOfAnyEventThatGoesThere(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	ofProject, ofPartner := receiver.Of{ProjectID: w.Shop.ID}, receiver.Of{SSOClientID: w.Partner.ID}
	for _, event := range callback.EventNames() {
		of, other := ofProject, ofPartner
		if strings.HasPrefix(string(event), "CALLBACK") {
			of, other = ofPartner, ofProject
		}
		send := func(of receiver.Of) (*receiver.Test, error) {
			return w.SendTest(t.Context(), w.Platform, receiver.TestToSend{Of: of, Like: event})
		}
		sample, err := w.ReceiverService.Preview(t.Context(), w.Platform, callback.ToPreview{ProjectID: w.Shop.ID, Event: event})
		modelstest.NoError(t, err)
		test, err := send(of)
		modelstest.NoError(t, err)
		c := w.ReadCallback(test.Callback.ID)
		want := strings.ReplaceAll(string(sample.Body), sample.Ref.String(), c.Ref.String())
		if c.Event != callback.TestEvent || c.ContentType != sample.ContentType || string(c.Body) != want {
			t.Errorf("like %s: %s, %s\n%s\nwant %s", event, c.Event, c.ContentType, c.Body, want)
		}
		if c = w.Deliver(c.ID, modelstest.Answered(500)); c.Status != callback.StatusFailed || len(w.Notices()) > 0 {
			t.Errorf("like %s: it is %s, %d notices", event, c.Status, len(w.Notices()))
		}
		if event == callback.TestEvent {
			continue
		}
		_, err = send(other)
		modelstest.WantError(t, err, models.CodeBadUserInput, "event")
	}
}

func TestATestNeedsAURLAndARole(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.SetURL(nil)
	w.SetWebhook(nil)
	lonely := w.NewPartner(modelstest.WebhookURL)
	ofProject, ofPartner := receiver.Of{ProjectID: w.Shop.ID}, receiver.Of{SSOClientID: w.Partner.ID}
	for name, tc := range map[string]struct {
		who   *models.Actor
		in    receiver.Of
		code  models.Code
		field string
	}{
		"no URL":                  {w.Editor, ofProject, models.CodeBadUserInput, "theField"},
		"no webhook":              {w.Platform, ofPartner, models.CodeBadUserInput, "theField"},
		"a partner of no project": {w.Platform, receiver.Of{SSOClientID: lonely.ID}, models.CodeConflict, "theField"},
		"a viewer":                {w.Viewer, ofProject, models.CodeForbidden, ""},
		"an outsider":             {w.Outsider, ofProject, models.CodeNotFound, ""},
		"a stranger":              {nil, ofProject, models.CodeNotFound, ""},
		"an admin of an account":  {w.Admin, ofPartner, models.CodeNotFound, ""},
		"another project's key":   {w.KeyActor(w.NewProject(w.Acme, nil)), ofProject, models.CodeNotFound, ""},
	} {
		_, err := w.SendTest(t.Context(), tc.who, receiver.TestToSend{Of: tc.in, Field: "theField"})
		t.Log(name, err)
		modelstest.WantError(t, err, tc.code, tc.field)
		if tc.code == models.CodeBadUserInput && !strings.Contains(err.Error(), "NO_CALLBACK_URL") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(w.CallbacksOf(callback.TestEvent)); n != 0 {
		t.Errorf("%d were made", n)
	}
}

func TestRatesAreForgotten(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewTest()
	w.Clock.Advance(25 * time.Hour)
	if gone := w.MustPurge(callback.Retention{Rows: modelstest.Retention}); gone["rates"] != 1 {
		t.Errorf("%v", gone)
	}
}
