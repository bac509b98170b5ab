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
		callback.News
	}
	waiting := func() told {
		return told{anEnvelope(), callback.News{
			PublicURL: "https://ringback.example",
			Callback: &callback.Callback{
				UID: uuid.MustParse("01990000-0000-7000-8000-000000000001"), Event: callback.CrawlFinishedEvent,
				Ref: uuid.MustParse("01990000-0000-7000-8000-000000000001"), AttemptCount: 1,
				Status: callback.StatusPending, NextAttemptAt: new(modelstest.Start.Add(5 * time.Second)),
			},
			Names: callback.SourceNames{CrawlID: new(int64(124234))},
			Attempt: &callback.Attempt{
				Number: 1, HTTPStatus: new(500), FinishedAt: &modelstest.Start,
				URL:   new("https://user:secret@receiver.example/hook?token=secret#part"),
				Error: &callback.AttemptError{Code: callback.HTTPStatusError, Message: "the receiver answered with the status 500"},
			},
		}}
	}
	givenUp := waiting()
	givenUp.Callback.Status, givenUp.Callback.NextAttemptAt = callback.StatusFailed, nil
	givenUp.Attempt.Number, givenUp.Callback.AttemptCount = 8, 8
	noAnswer := waiting()
	noAnswer.Attempt.HTTPStatus = nil
	noAnswer.Attempt.Error = &callback.AttemptError{Code: callback.Timeout, Message: "no answer within 30s"}
	noCreator := waiting()
	noCreator.Creator = nil
	noCreator.Account.PartnerAccountID = nil
	noURL := waiting()
	noURL.Attempt.URL, noURL.Attempt.HTTPStatus = nil, nil
	noURL.Attempt.Error = &callback.AttemptError{Code: callback.NoCallbackURL, Message: "there is no URL to call back to"}
	noURL.Names = callback.SourceNames{
		CrawlID: new(int64(124234)), ReportID: new("124234:all_pages:basic"),
		RunUID:  new(uuid.MustParse("01990000-0000-7000-8000-000000000003")),
		JobUUID: new(uuid.MustParse("01990000-0000-7000-8000-000000000004")),
	}
	recovered := givenUp
	recovered.Callback = &callback.Callback{
		UID: uuid.MustParse("01990000-0000-7000-8000-000000000002"), Ref: givenUp.Callback.Ref,
		Event: callback.CrawlFinishedEvent, Status: callback.StatusSuccess, AttemptCount: 1,
	}
	recovered.Attempt = &callback.Attempt{
		Number: 1, HTTPStatus: new(204), FinishedAt: &modelstest.Start, URL: givenUp.Attempt.URL,
	}
	tests := map[string]told{
		"notice_recovered.json":             recovered,
		"notice_no_url.json":                noURL,
		"notice_status_500_will_retry.json": waiting(),
		"notice_given_up.json":              givenUp,
		"notice_no_answer.json":             noAnswer,
		"notice_no_creator.json":            noCreator,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := callback.NoticeBody(test.Envelope, test.News)
			modelstest.NoError(t, err)
			modelstest.Golden(t, name, got)
		})
	}
}

func TestDigestBodiesAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	failed := callback.News{
		Callback: &callback.Callback{
			UID: uuid.MustParse("01990000-0000-7000-8000-000000000001"), Status: callback.StatusFailed,
		},
		Attempt: &callback.Attempt{
			FinishedAt: &modelstest.Start, HTTPStatus: new(503), Error: &callback.AttemptError{Code: callback.HTTPStatusError},
		},
		PublicURL: "https://ringback.example",
	}
	recovered := failed
	recovered.Callback = &callback.Callback{UID: uuid.MustParse("01990000-0000-7000-8000-000000000002")}
	recovered.Attempt = &callback.Attempt{FinishedAt: &modelstest.Start, HTTPStatus: new(200)}
	for name, news := range map[string][]callback.News{
		"digest_failed.json": {failed, recovered}, "digest_recovered.json": {recovered},
	} {
		got, err := callback.DigestBody(anEnvelope(), news)
		modelstest.NoError(t, err)
		modelstest.Golden(t, name, got)
	}
}

func TestTimesLeaveAsISO8601InUTCWithMilliseconds(t *testing.T) {
	t.Parallel()
	at := time.Date(2020, 7, 9, 18, 25, 35, 1_999_999, time.FixedZone("", 2*3600))
	if got := models.FormatTime(at); got != "2020-07-09T16:25:35.001Z" {
		t.Errorf("got %s", got)
	}
}
