package callback_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

// lostKey are the use-cases of tenants on it.
func lostKey(w *modelstest.World) *tenant.Service {
	w.T.Helper()
	return w.TenantsOn(w.StoreOfLostKey())
}

// lose seals the headers of a project with a lost key.
func lose(w *modelstest.World, p *tenant.Project) {
	w.T.Helper()
	setHeaders(w, lostKey(w), p)
}

func setHeaders(w *modelstest.World, s *tenant.Service, p *tenant.Project) {
	w.T.Helper()
	_, err := s.UpdateProject(w.T.Context(), w.Platform, tenant.ProjectUpdate{
		ProjectID: p.ID, Callback: models.EndpointUpdate{Headers: modelstest.SecretHeader},
	})
	modelstest.NoError(w.T, err)
}

func TestUnreadableCallbackIsPutOffAndHoldsUpNobody(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(w *modelstest.World, lost *tenant.Service) error{
		"its project's headers": func(w *modelstest.World, lost *tenant.Service) error {
			setHeaders(w, lost, w.Shop)
			return nil
		},
		"a signing secret": func(w *modelstest.World, lost *tenant.Service) error {
			_, _, err := lost.RotateSigningSecret(w.T.Context(), w.Platform, w.Shop.ID, time.Hour)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			m := w.Monitor
			other := w.NewProject(w.Acme, new(modelstest.ProjectURL))
			bad, good := w.NewCallback(), w.NewCallbackOf(other, 7)
			modelstest.NoError(t, lose(w, lostKey(w)))

			claimed, movedTo, _, err := w.Claim(
				t.Context(),
				append(
					modelstest.Limit(w.Lane(modelstest.ProjectHost), 10),
					modelstest.Limit(modelstest.LaneOf(other, modelstest.ProjectHost), 10)...,
				),
			)
			modelstest.NoError(t, err)
			if len(claimed) != 1 || claimed[0].Callback.ID != good.ID || len(movedTo) != 0 {
				t.Fatalf("claimed %v, moved to %v", claimed, movedTo)
			}
			w.MustSettle(claimed[0], modelstest.Answered(200))
			modelstest.WantStatus(t, w.ReadCallback(good.ID), callback.StatusSuccess)
			for i, delay := range modelstest.Postponements() {
				c := w.ReadCallback(bad.ID)
				if c.Status != callback.StatusPending || c.AttemptCount != 0 || c.NextAttemptAt.Sub(w.Clock.Now()) != delay {
					t.Fatalf("put off %d times: %+v; want it due in %s", i+1, c, delay)
				}
				modelstest.WantFitting(t, c)
				w.Clock.Advance(delay)
				claimed, _, _, err = w.Claim(t.Context(), modelstest.Limit(w.Lane(modelstest.ProjectHost), 10))
				modelstest.NoError(t, err)
			}
			d := modelstest.DeliveryOf(claimed, bad.ID)
			if d == nil || d.Refusal() == nil || d.Refusal().Code != callback.InternalError {
				t.Fatalf("after a day %v was claimed", claimed)
			}
			w.MustSettle(d, callback.Outcome{Error: d.Refusal()})
			c := w.ReadCallback(bad.ID)
			modelstest.WantStatus(t, c, callback.StatusFailed)
			if c.Error.Code != callback.InternalError || c.FailureCount != 0 || len(w.Attempts(c.ID)) != 1 ||
				len(w.Notices()) != 0 {
				t.Errorf("it ended as %+v, with %d attempts and %d notices", c, len(w.Attempts(c.ID)), len(w.Notices()))
			}
			if got := m.UnreadableOf("callback"); got != len(modelstest.Postponements())+1 {
				t.Errorf("counted %d", got)
			}
		})
	}
}

func TestUnreadableCallbackLeavesAsSoonAsItIsMended(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	lose(w, w.Shop)
	for range 5 {
		w.ClaimLane(w.Lane(modelstest.ProjectHost), 1)
		w.Clock.Advance(w.ReadCallback(c.ID).NextAttemptAt.Sub(w.Clock.Now()))
	}
	setHeaders(w, w.Tenants, w.Shop)
	w.MustSettle(w.MustClaim(c.ID), modelstest.Answered(500))
	if c = w.ReadCallback(c.ID); c.UnreadableSince != nil || c.FailureCount != 1 {
		t.Errorf("got %+v", c)
	}
}

func TestAccountsUnreadableHeadersDoNotStopAProjectWithAURLOfItsOwn(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	c := w.NewCallback()
	_, err := lostKey(w).UpdateAccount(t.Context(), w.Platform, tenant.AccountUpdate{
		AccountID: w.Acme.ID,
		Callback:  models.EndpointUpdate{URL: models.Given(new(modelstest.AccountURL)), Headers: modelstest.SecretHeader},
	})
	modelstest.NoError(t, err)
	w.MustSettle(w.MustClaim(c.ID), modelstest.Answered(200))
	plain := w.NewCallbackOf(w.NewProject(w.Acme, nil), 7) // which goes to the account's URL
	if got := w.ClaimLane(plain.Lane, 10); len(got) != 0 {
		t.Errorf("sent without the account's headers: %v", got)
	}
}

func TestUpdateThatSetsNoHeadersKeepsThoseThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	lost := lostKey(w)
	setHeaders(w, lost, w.Shop)
	_, err := w.UpdateProject(
		t.Context(), w.Admin, tenant.ProjectUpdate{ProjectID: w.Shop.ID, Name: models.Given(new("New name"))},
	)
	modelstest.NoError(t, err)
	p, err := lost.Project(t.Context(), w.Platform, w.Shop.ID)
	modelstest.NoError(t, err)
	if diff := cmp.Diff(modelstest.SecretHeader.Value, p.Callback.Headers); diff != "" || p.Name != "New name" {
		t.Errorf("named %q; %s", p.Name, diff)
	}
}

func TestCrawlsEndIsAcceptedAlthoughItsCallbackCannotBeSentNow(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	lose(w, w.Shop)
	w.Queue.Room = 5
	_, c, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(7))
	modelstest.NoError(t, err)
	if c == nil || len(w.Queue.Started()) != 0 || w.Queue.Room != 5 || w.Queue.Open() != 0 {
		t.Fatalf("the callback %v; %d started, room for %d", c, len(w.Queue.Started()), w.Queue.Room)
	}
	if got := w.Queue.Take(); len(got) != 1 {
		t.Errorf("woken: %v", got)
	}
	w.ClaimLane(w.Lane(modelstest.ProjectHost), 1)
	if c = w.ReadCallback(c.ID); c.UnreadableSince == nil || c.Status != callback.StatusPending {
		t.Errorf("got %+v", c)
	}
}

func TestDirectStartWithAnUnreadableSecretIsPutOff(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	_, _, err := lostKey(w).RotateSigningSecret(t.Context(), w.Platform, w.Shop.ID, time.Hour)
	modelstest.NoError(t, err)
	w.Queue.Room = 5
	_, c, err := w.FinishCrawl(t.Context(), w.Platform, w.CrawlEnd(7))
	modelstest.NoError(t, err)
	if len(w.Queue.Started()) != 0 || w.Queue.Room != 5 || w.Queue.Open() != 0 {
		t.Errorf("%d started, room for %d", len(w.Queue.Started()), w.Queue.Room)
	}
	if got := w.Queue.Take(); len(got) != 1 {
		t.Errorf("woken: %v", got)
	}
	w.ClaimLane(w.Lane(modelstest.ProjectHost), 1)
	if c = w.ReadCallback(c.ID); c.UnreadableSince == nil || c.Status != callback.StatusPending || c.AttemptCount != 0 {
		t.Errorf("got %+v", c)
	}
}

func TestNoticeToAPartnerThatCannotBeReadKeepsNoAttemptFromBeingRecorded(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	_, err := lostKey(w).UpdateSSOClient(t.Context(), w.Platform, tenant.SSOClientUpdate{
		SSOClientID: w.Partner.ID, Webhook: models.EndpointUpdate{Headers: modelstest.SecretHeader},
	})
	modelstest.NoError(t, err)
	c := w.NewCallback()
	w.MustSettle(w.MustClaim(c.ID), modelstest.Answered(500))
	if c = w.ReadCallback(c.ID); c.FailureCount != 1 || len(w.Notices()) != 1 {
		t.Fatalf("got %+v and %d notices", c, len(w.Notices()))
	}
	w.ClaimLane(w.Lane(modelstest.WebhookHost), 1)
	if n := w.Notices()[0]; n.Status != callback.StatusPending || n.NextAttemptAt.Sub(w.Clock.Now()) != time.Minute {
		t.Errorf("the notice is %+v", n)
	}
}

// without is of a database from which the users have gone.
type without struct{ callback.SettlementTx }

func (without) Users(context.Context, ...int64) ([]*tenant.User, error) { return nil, nil }

func TestCreatorWhoHasGoneKeepsNoAttemptFromBeingRecorded(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	service, m := w.ServiceOn(func(db *callback.Ports) {
		db.Record = nil
		db.InSettlementTx = modelstest.Through(db.InSettlementTx, func(tx callback.SettlementTx) callback.SettlementTx {
			return without{tx}
		})
	}), w.Monitor
	c := w.NewCallback()
	modelstest.NoError(
		t, service.Deliveries.Settle(t.Context(), service.Deliveries.Decide(w.MustClaim(c.ID), modelstest.Answered(500))),
	)
	if c = w.ReadCallback(c.ID); c.FailureCount != 1 || len(w.Notices()) != 0 || m.UnreadableOf("notice") != 1 {
		t.Errorf("got %+v, %d notices, counted %d", c, len(w.Notices()), m.UnreadableOf("notice"))
	}
}
