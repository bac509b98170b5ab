package tenant_test

import (
	"errors"
	"reflect"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// updates change the name of one entity of each kind that has a version, and return the version that it has then.
func updates(w *modelstest.World) map[string]func(name string, ifVersion *int) (int, error) {
	ctx := w.T.Context()
	return map[string]func(string, *int) (int, error){
		"project": func(name string, ifVersion *int) (int, error) {
			c, err := w.UpdateProject(ctx, w.Editor, tenant.ProjectUpdate{
				ProjectID: w.Shop.ID, IfVersion: ifVersion, Name: ptrGiven(name),
			})
			return versionOf(c), err
		},
		"account": func(name string, ifVersion *int) (int, error) {
			c, err := w.UpdateAccount(ctx, w.Admin, tenant.AccountUpdate{
				AccountID: w.Acme.ID, IfVersion: ifVersion, Name: ptrGiven(name),
			})
			return versionOf(c), err
		},
		"SSO client": func(name string, ifVersion *int) (int, error) {
			c, err := w.UpdateSSOClient(ctx, w.Platform, tenant.SSOClientUpdate{
				SSOClientID: w.Partner.ID, IfVersion: ifVersion, Name: ptrGiven(name),
			})
			return c.Version, err
		},
	}
}

// versionOf is 0 after an error.
func versionOf(c tenant.Configured) int {
	switch {
	case c.Project != nil:
		return c.Project.Version
	case c.Account != nil:
		return c.Account.Version
	}
	return 0
}

func versions(w *modelstest.World, t *testing.T) map[string]int {
	t.Helper()
	project, account, client := read(w, t)
	return map[string]int{"project": project.Version, "account": account.Version, "SSO client": client.Version}
}

func TestAVersionGrowsByOneWithEachChange(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for kind, update := range updates(w) {
		before := versions(w, t)[kind]
		if before != 1 {
			t.Errorf("%s: created with version %d", kind, before)
		}
		got, err := update("Renamed", nil)
		modelstest.NoError(t, err)
		_, err = update(" ", nil)
		modelstest.WantError(t, err, models.CodeBadUserInput, "name")
		if stored := versions(w, t)[kind]; got != 2 || stored != 2 {
			t.Errorf("%s: version %d, stored %d, after one change and one that was refused", kind, got, stored)
		}
	}
}

// Who sets something else meanwhile does not come too late for what changes nothing that it sees.
func TestAVersionStaysWhereNothingIsSet(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	ctx := t.Context()
	shop, acme, partner := read(w, t)
	none := models.EndpointUpdate{Headers: models.Given([]models.Header{})}
	_, err := w.UpdateProject(ctx, w.Editor, tenant.ProjectUpdate{ProjectID: shop.ID, Name: ptrGiven(shop.Name), Callback: none})
	modelstest.NoError(t, err)
	_, err = w.UpdateAccount(ctx, w.Admin, tenant.AccountUpdate{AccountID: acme.ID, Timezone: ptrGiven(acme.Timezone), Callback: none})
	modelstest.NoError(t, err)
	_, err = w.UpdateSSOClient(ctx, w.Platform, tenant.SSOClientUpdate{SSOClientID: partner.ID})
	modelstest.NoError(t, err)
	_, err = w.RemoveHeaders(ctx, w.Editor, tenant.HeadersToRemove{
		Owner: tenant.CallbackOwner{ProjectID: shop.ID}, Keys: []string{"X-Not-There"},
	})
	modelstest.NoError(t, err)
	sameShop, sameAcme, samePartner := read(w, t)
	if !reflect.DeepEqual([]any{shop, acme, partner}, []any{sameShop, sameAcme, samePartner}) {
		t.Errorf("%+v, %+v and %+v have become %+v, %+v and %+v", shop, acme, partner, sameShop, sameAcme, samePartner)
	}
	w.Clock.Advance(time.Second)
	for _, owner := range []tenant.CallbackOwner{{ProjectID: shop.ID}, {AccountID: acme.ID}} {
		paused, err := w.PauseCallbacks(ctx, w.Admin, owner)
		modelstest.NoError(t, err)
		resumed, err := w.ResumeCallbacks(ctx, w.Admin, owner)
		modelstest.NoError(t, err)
		if versionOf(paused) != 1 || versionOf(resumed) != 1 {
			t.Errorf("a pause of %+v makes version %d, its end %d", owner, versionOf(paused), versionOf(resumed))
		}
	}
}

func TestAnUpdateOfAnOldVersionIsAConflictWithThePresentState(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for kind, update := range updates(w) {
		_, err := update("First", new(1))
		modelstest.NoError(t, err)
		_, err = update("Second", new(1))
		modelstest.WantError(t, err, models.CodeConflict, "ifVersion")
		var conflict *models.Error
		errors.As(err, &conflict)
		name := ""
		switch e := conflict.Current.(type) {
		case *tenant.Project:
			name = e.Name
		case *tenant.Account:
			name = e.Name
		case *tenant.SSOClient:
			name = e.Name
		}
		if name != "First" || versions(w, t)[kind] != 2 {
			t.Errorf("%s: the conflict has %q, version %d", kind, name, versions(w, t)[kind])
		}
	}
}

// Of those who begin at the same version one is the first, however close they come.
func TestOneOfThoseWhoBeginAtTheSameVersionSucceeds(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	const callers, rounds = 4, 5
	for kind, update := range updates(w) {
		for round := range rounds {
			var won, lost atomic.Int32
			modelstest.AtOnce(callers, func(i int) {
				switch _, err := update(strconv.Itoa(round*callers+i), new(round+1)); {
				case err == nil:
					won.Add(1)
				case models.ErrorCode(err) == models.CodeConflict:
					lost.Add(1)
				default:
					t.Error(err)
				}
			})
			if won.Load() != 1 || lost.Load() != callers-1 {
				t.Errorf("%s, round %d: %d succeeded, %d came too late", kind, round, won.Load(), lost.Load())
			}
		}
	}
}

// The release before writes rows and no versions. It shares a database with this one on Postgres alone.
func TestAChangeByTheReleaseBeforeCounts(t *testing.T) {
	t.Parallel()
	if !storetest.OnPostgres() {
		t.Skip("one process has the file at a time")
	}
	w := modelstest.NewWorld(t)
	pools, err := w.Store.Pools()
	modelstest.NoError(t, err)
	for kind, table := range map[string]string{"project": "projects", "account": "accounts", "SSO client": "sso_clients"} {
		_, err = pools["write"].ExecContext(t.Context(), "UPDATE "+table+" SET name = 'Before', updated_at = updated_at + 1")
		modelstest.NoError(t, err)
		_, err = updates(w)[kind]("Renamed", new(1))
		modelstest.WantError(t, err, models.CodeConflict, "ifVersion")
		if got := versions(w, t)[kind]; got != 2 {
			t.Errorf("%s: version %d", kind, got)
		}
	}
}
