package callback

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"github.com/ringback/ringback/models"
)

// testFailures are counted of a test before it is sent: more than any schedule has, so that a worker of the release
// before, which knows no tests, gives it up after its first failure too.
const testFailures = 1_000_000

// testPrefix begins the DedupKey of a test.
const testPrefix = "test:"

// IsTestKey reports whether a DedupKey is of a test.
func IsTestKey(dedupKey string) bool { return strings.HasPrefix(dedupKey, testPrefix) }

// testInterrupted is of a test whose worker died while it waited for the answer.
var testInterrupted = &AttemptError{
	Interrupted, "the worker stopped before the answer came; a test is not sent again",
}

// endTest ends a test after its only attempt; err is that of the attempt.
func (c *Callback) endTest(err *AttemptError, at time.Time) {
	c.Error = err
	c.FailureCount++
	c.end(StatusFailed, at)
}

// TestOf is the occasion of a test of where a project's callbacks go, or the partner's webhook that hears of its
// failures.
func (s *Service) TestOf(projectID int64, creatorID *int64, ofPartner bool) Occasion {
	o := Occasion{
		Event: TestEvent, DedupKey: testPrefix + models.NewUID().String(), ProjectID: projectID, CreatorID: creatorID,
		Render: testBody,
	}
	if ofPartner {
		o.Target, o.ContentType = TargetSSOClient, ContentTypeJSON
		o.Render = func(e Envelope) ([]byte, error) { return partnerTestBody(e, s.rules.PublicURL) }
	}
	return o
}

// TestLike gives a test the form of an event that goes where the test does: content type and body of a sample. Of
// TestEvent, or of none, it is the test's own.
func (s *Service) TestLike(event EventName, test Occasion) (Occasion, error) {
	if event == "" || event == TestEvent {
		return test, nil
	}
	rules, composer := events[event], s.composers[event]
	if composer.Sample == nil || rules.target != cmp.Or(test.Target, events[TestEvent].target) {
		return test, models.Invalid("event", "%s does not go to this receiver", event)
	}
	test.Render, test.ContentType = composer.Sample(s.now()).Render, rules.contentType
	return test, nil
}

func testBody(e Envelope) ([]byte, error) {
	var f Form
	f.Add("message", "test")
	f.Add("resource", "callback")
	f.Add("callback_ref_uid", e.Ref.String())
	f.AddOwners(e)
	f.Add("status", "test")
	f.Add("href", "/accounts/"+models.RawIDText(e.Account.ID)+"/projects/"+models.RawIDText(e.Project.ID))
	return f.Bytes(), nil
}

// partnerTest is the body of a test of a partner's webhook: a notice that tells of nothing.
type partnerTest struct {
	EventType          string          `json:"eventType"`
	EventData          partnerTestData `json:"eventData"`
	AccountID          int64           `json:"accountId"`
	SSOClientAccountID *string         `json:"ssoClientAccountId"`
}

type partnerTestData struct {
	ProjectID           int64  `json:"projectId"`
	ProjectName         string `json:"projectName"`
	ProjectSettingsLink string `json:"projectSettingsLink"`
	SitePrimary         string `json:"sitePrimary"`
	CallbackUID         string `json:"callbackUid"` // of the test itself
}

func partnerTestBody(e Envelope, publicURL string) ([]byte, error) {
	return json.Marshal(partnerTest{
		EventType: "test", AccountID: e.Account.ID, SSOClientAccountID: e.Account.PartnerAccountID,
		EventData: partnerTestData{
			ProjectID: e.Project.ID, ProjectName: e.Project.Name, SitePrimary: e.Project.PrimaryDomain,
			ProjectSettingsLink: projectSettingsLink(e, publicURL), CallbackUID: e.Ref.String(),
		},
	})
}
