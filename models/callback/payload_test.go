package callback_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

// anEnvelope has the numbers of the published examples.
func anEnvelope() callback.Envelope {
	return callback.Envelope{
		Owners: callback.Owners{
			Account: &tenant.Account{ID: 123123, Name: "Acme", PartnerAccountID: new("123123")},
			Project: &tenant.Project{ID: 1123123, Name: "Shop", PrimaryDomain: "https://www.example.com/"},
		},
		Creator: &tenant.User{
			ID: 123123, FirstName: new("Demo"), LastName: new("User"), PartnerUserID: new("3333312"),
		},
	}
}

func TestNoticeBodiesAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	type told struct {
		callback.Envelope
		callback.Failure
	}
	waiting := func() told {
		return told{anEnvelope(), callback.Failure{
			PublicURL: "https://ringback.example",
			Callback: &callback.Callback{
				UID: uuid.MustParse("01990000-0000-7000-8000-000000000001"), Event: callback.CrawlFinishedEvent,
				Status: callback.StatusPending, NextAttemptAt: new(modelstest.Start.Add(5 * time.Second)),
			},
			Attempt: &callback.Attempt{
				Number: 1, HTTPStatus: new(500),
				Error: &callback.AttemptError{Code: callback.HTTPStatusError, Message: "the receiver answered with the status 500"},
			},
		}}
	}
	givenUp := waiting()
	givenUp.Callback.Status, givenUp.Callback.NextAttemptAt = callback.StatusFailed, nil
	givenUp.Attempt.Number = 8
	noAnswer := waiting()
	noAnswer.Attempt.HTTPStatus = nil
	noAnswer.Attempt.Error = &callback.AttemptError{Code: callback.Timeout, Message: "no answer within 30s"}
	noCreator := waiting()
	noCreator.Creator = nil
	noCreator.Account.PartnerAccountID = nil
	tests := map[string]told{
		"notice_status_500_will_retry.json": waiting(),
		"notice_given_up.json":              givenUp,
		"notice_no_answer.json":             noAnswer,
		"notice_no_creator.json":            noCreator,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := callback.CallbackFailedBody(test.Envelope, test.Failure)
			modelstest.NoError(t, err)
			modelstest.Golden(t, name, got)
		})
	}
}

func TestTimesLeaveAsISO8601InUTCWithMilliseconds(t *testing.T) {
	t.Parallel()
	at := time.Date(2020, 7, 9, 18, 25, 35, 1_999_999, time.FixedZone("", 2*3600))
	if got := models.FormatTime(at); got != "2020-07-09T16:25:35.001Z" {
		t.Errorf("got %s", got)
	}
}
