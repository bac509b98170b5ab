package store_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/receiver"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// partner is an SSO client with a key, a diagnosis and a bulk replay of its own.
type partner struct {
	client    *tenant.SSOClient
	key       *tenant.SSOClientKey
	diagnosis *receiver.Diagnosis
	bulk      *callback.BulkReplay
}

// newPartner adds to the SSO client of the estate's account what is its own.
func newPartner(t *testing.T, s *store.Store, e *estate) *partner {
	t.Helper()
	ctx := t.Context()
	clients, err := s.SSOClients(ctx, *e.account.SSOClientID)
	modelstest.NoError(t, err)
	p := &partner{client: clients[0]}
	newCallback(t, s, e.customer, start, func(c *callback.Callback) {
		c.Event, c.Target = callback.CallbackFailedEvent, callback.TargetSSOClient
	})
	p.key = &tenant.SSOClientKey{SSOClientID: p.client.ID, Name: "CI", CreatedAt: start}
	modelstest.NoError(t, s.CreateSSOClientKey(ctx, p.key, models.Secret(e.account.Name+" partner").Hash()))
	p.diagnosis = &receiver.Diagnosis{UID: newUID(), Of: receiver.Of{SSOClientID: p.client.ID}, CreatedAt: start, Deadline: start}
	modelstest.NoError(t, s.CreateDiagnosis(ctx, p.diagnosis))
	p.bulk = &callback.BulkReplay{UID: newUID(), Owner: callback.BulkOwner{SSOClientID: p.client.ID}, StartedAt: start}
	modelstest.NoError(t, s.CreateBulkReplay(ctx, p.bulk))
	return p
}

func (p *partner) scope(least models.Role) models.Scope {
	return scopeOf(models.KeyScope{SSOClientID: p.client.ID, Role: models.RoleAdmin}, least)
}

// partnersEstate makes what is read of an SSO client a read of an estate.
func partnersEstate(read func(context.Context, *store.Store, models.Scope, *partner) (int, error)) scopedRead {
	return func(ctx context.Context, s *store.Store, scope models.Scope, e *estate) (int, error) {
		return read(ctx, s, scope, e.partner)
	}
}

// readsOfPartners are what the platform and the partner alone reach.
var readsOfPartners = map[string]scopedRead{
	"VisibleSSOClients": partnersEstate(func(ctx context.Context, s *store.Store, scope models.Scope, p *partner) (int, error) {
		found, err := s.VisibleSSOClients(ctx, scope, p.client.ID)
		return len(found), err
	}),
	"LockSSOClient": partnersEstate(func(ctx context.Context, s *store.Store, scope models.Scope, p *partner) (int, error) {
		_, err := s.LockSSOClient(ctx, scope, p.client.ID)
		return 1, err
	}),
	"SSOClientPage CountSSOClients": partnersEstate(func(ctx context.Context, s *store.Store, scope models.Scope, p *partner) (int, error) {
		page, err := s.SSOClientPage(ctx, scope, models.Page{First: 100})
		if err != nil {
			return 0, err
		}
		n, err := s.CountSSOClients(ctx, scope)
		if n != len(page.Nodes) || !slices.ContainsFunc(page.Nodes, func(c *tenant.SSOClient) bool { return c.ID == p.client.ID }) {
			return 0, err
		}
		return n, err
	}),
	"SSOClientAccountPages CountSSOClientAccounts": partnersEstate(
		func(ctx context.Context, s *store.Store, scope models.Scope, p *partner) (int, error) {
			ids := []int64{p.client.ID}
			pages, err := s.SSOClientAccountPages(ctx, scope, ids, models.Page{First: 10})
			counts, err2 := s.CountSSOClientAccounts(ctx, scope, ids)
			return pageAndCount(ids[0], pages, counts, err, err2)
		},
	),
	"SSOClientKey": partnersEstate(func(ctx context.Context, s *store.Store, scope models.Scope, p *partner) (int, error) {
		_, err := s.SSOClientKey(ctx, scope, p.key.ID)
		return 1, err
	}),
	"SSOClientKeys": partnersEstate(func(ctx context.Context, s *store.Store, scope models.Scope, p *partner) (int, error) {
		found, err := s.SSOClientKeys(ctx, scope, p.client.ID)
		return len(found), err
	}),
	"Diagnoses of an SSO client": partnersEstate(func(ctx context.Context, s *store.Store, scope models.Scope, p *partner) (int, error) {
		found, err := s.Diagnoses(ctx, scope, p.diagnosis.ID)
		return len(found), err
	}),
	"BulkReplays of an SSO client": partnersEstate(func(ctx context.Context, s *store.Store, scope models.Scope, p *partner) (int, error) {
		found, err := s.BulkReplays(ctx, scope, p.bulk.ID)
		return len(found), err
	}),
	"BulkReplayPages CountBulkReplays of an SSO client": partnersEstate(
		func(ctx context.Context, s *store.Store, scope models.Scope, p *partner) (int, error) {
			ids := []int64{p.client.ID}
			pages, err := s.BulkReplayPages(ctx, scope, callback.OfSSOClient, ids, &p.bulk.DryRun, models.Page{First: 10})
			counts, err2 := s.CountBulkReplays(ctx, scope, callback.OfSSOClient, ids, &p.bulk.DryRun)
			return pageAndCount(ids[0], pages, counts, err, err2)
		},
	),
	"LockBulkReplay of an SSO client": partnersEstate(func(ctx context.Context, s *store.Store, scope models.Scope, p *partner) (int, error) {
		_, err := s.LockBulkReplay(ctx, scope, p.bulk.ID)
		return 1, err
	}),
	"CallbackPages CountCallbacks of an SSO client": callbackPages(callback.OfSSOClient, func(e *estate) int64 { return e.partner.client.ID }),
	"OngoingCallbacks of an SSO client": partnersEstate(func(ctx context.Context, s *store.Store, scope models.Scope, p *partner) (int, error) {
		found, _, err := s.OngoingCallbacks(ctx, scope, callback.OfSSOClient, []int64{p.client.ID})
		return len(found), err
	}),
}

func reaches(t *testing.T, s *store.Store, read scopedRead, scope models.Scope, e *estate) bool {
	t.Helper()
	n, err := read(t.Context(), s, scope, e)
	if err != nil && models.ErrorCode(err) != models.CodeNotFound {
		t.Fatal(err)
	}
	return err == nil && n != 0
}

func TestEveryReadOfAPartnerStaysWithinItsAccounts(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	mine, theirs := newEstate(t, s, "mine"), newEstate(t, s, "theirs")
	mine.partner, theirs.partner = newPartner(t, s, mine), newPartner(t, s, theirs)
	for _, seesPayloads := range []bool{false, true} {
		mine.partner.client.SeesPayloads = seesPayloads
		modelstest.NoError(t, s.UpdateSSOClient(t.Context(), mine.partner.client))
		for _, reads := range []map[string]scopedRead{allReads(), readsOfPartners} {
			for name, read := range reads {
				ofPayloads := strings.HasPrefix(name, "Texts of ") && name != "Texts of headers" || name == "BatchesWithResults"
				for caller, test := range map[string]struct {
					scope models.Scope
					sees  bool
				}{
					"the partner": {
						mine.partner.scope(models.RoleViewer), !slices.Contains(readsOfPeople, name) && (seesPayloads || !ofPayloads),
					},
					"the partner, as an Editor": {mine.partner.scope(models.RoleEditor), false},
					"another partner":           {theirs.partner.scope(models.RoleViewer), false},
				} {
					if got := reaches(t, s, read, test.scope, mine); got != test.sees {
						t.Errorf("%s, seesPayloads %t: %s reaches something: %t", name, seesPayloads, caller, got)
					}
				}
			}
		}
	}
	for name, read := range readsOfPartners {
		for caller, scope := range map[string]models.Scope{
			"an admin": mine.scope(), "a project's key": keyScope(mine.key, models.RoleViewer), "": {},
			"a portal session": scopeOf(models.KeyScope{AccountID: mine.account.ID, Role: models.RoleEditor}, models.RoleViewer),
		} {
			if reaches(t, s, read, scope, mine) {
				t.Errorf("%s shows something to %q", name, caller)
			}
		}
		if !reaches(t, s, read, everything(), mine) {
			t.Errorf("%s hides something from the platform", name)
		}
	}
}

func TestEveryReadOfAPortalSessionStaysWithinItsAccount(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	mine, theirs := newEstate(t, s, "mine"), newEstate(t, s, "theirs")
	portal := func(role models.Role) models.KeyScope { return models.KeyScope{AccountID: mine.account.ID, Role: role} }
	for name, read := range allReads() {
		people := slices.Contains(readsOfPeople, name)
		for caller, test := range map[string]struct {
			scope models.Scope
			sees  bool
		}{
			"READ":                 {scopeOf(portal(models.RoleViewer), models.RoleViewer), !people},
			"READ, as an Editor":   {scopeOf(portal(models.RoleViewer), models.RoleEditor), false},
			"MANAGE, as an Editor": {scopeOf(portal(models.RoleEditor), models.RoleEditor), !people},
			"MANAGE, as an Admin":  {scopeOf(portal(models.RoleEditor), models.RoleAdmin), false},
			"READ of a project": {
				scopeOf(models.KeyScope{AccountID: mine.account.ID, ProjectID: mine.project.ID, Role: models.RoleViewer}, models.RoleEditor), false,
			},
			"another account's": {scopeOf(models.KeyScope{AccountID: theirs.account.ID, Role: models.RoleEditor}, models.RoleViewer), false},
		} {
			if got := reaches(t, s, read, test.scope, mine); got != test.sees {
				t.Errorf("%s: %s reaches something: %t", name, caller, got)
			}
		}
	}
}

func TestAPartnersKeyIsDeletedWithinItsScope(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	mine, theirs := newEstate(t, s, "mine"), newEstate(t, s, "theirs")
	mine.partner, theirs.partner = newPartner(t, s, mine), newPartner(t, s, theirs)
	for _, scope := range []models.Scope{theirs.partner.scope(models.RoleViewer), mine.scope(), {}} {
		wantCode(t, s.DeleteSSOClientKey(t.Context(), scope, mine.partner.key.ID), models.CodeNotFound)
	}
	modelstest.NoError(t, s.DeleteSSOClientKey(t.Context(), mine.partner.scope(models.RoleViewer), mine.partner.key.ID))
}

// A partner sees what its own webhook has answered, and the file of a report only with payloads.
func TestAPartnerSeesItsNoticesAndNoOthersBodies(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	e := newEstate(t, s, "mine")
	p := newPartner(t, s, e)
	scope, ctx := p.scope(models.RoleViewer), t.Context()
	notice := newCallback(t, s, e.customer, start, func(c *callback.Callback) {
		c.Event, c.Target, c.TargetURL = callback.CallbackFailedEvent, callback.TargetSSOClient, new("https://partner.example/")
	})
	a := newAttempt(t, s, notice, 1)
	a.FinishedAt, a.ResponseBody, a.Headers = new(start), []byte("no"), []byte("\nA:b\n")
	modelstest.NoError(t, s.FinishAttempts(ctx, a))
	for field, id := range map[models.TextField]int64{
		models.PayloadText: notice.ID, models.ResponseBodyText: a.ID, models.HeadersText: a.ID,
	} {
		found, err := s.Texts(ctx, scope, field, id)
		if err != nil || len(found) != 1 {
			t.Errorf("%s: %v, %v", field, found, err)
		}
		others, err := s.Texts(ctx, e.scope(), field, id)
		if err != nil || len(others) != 0 && field != models.PayloadText {
			t.Errorf("%s to the account: %v, %v", field, others, err)
		}
	}
	seen, err := s.Callbacks(ctx, scope, notice.ID)
	if err != nil || len(seen) != 1 || seen[0].TargetURL == nil {
		t.Errorf("saw %+v, %v", seen, err)
	}
	modelstest.NoError(t, s.DB().Exec("UPDATE report_downloads SET file_url = 'https://files.example/1' WHERE id = ?", e.report.ID).Error)
	for _, seesPayloads := range []bool{false, true} {
		p.client.SeesPayloads = seesPayloads
		modelstest.NoError(t, s.UpdateSSOClient(ctx, p.client))
		reports, err := s.ReportDownloads(ctx, scope, e.report.ID)
		if err != nil || (reports[0].FileURL != nil) != seesPayloads || reports[0].ReportTemplateCode != "all_pages" {
			t.Errorf("seesPayloads %t: %+v, %v", seesPayloads, reports[0], err)
		}
		last, err := s.LastAttempts(ctx, scope, e.callback.ID)
		if err != nil || len(last[e.callback.ID].ResponseBody) != 0 {
			t.Errorf("saw %+v, %v", last, err)
		}
	}
}
