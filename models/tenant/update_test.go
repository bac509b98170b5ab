package tenant_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func ptrGiven(s string) models.Optional[*string] { return models.Given(&s) }

func TestUpdateLeavesOutClearsAndReplaces(t *testing.T) {
	t.Parallel()
	list := []models.Header{{Key: "A", Value: "1"}, {Key: "B", Value: "2"}}
	before := models.Endpoint{URL: new(modelstest.ProjectURL), Headers: list}
	tests := map[string]struct {
		update models.EndpointUpdate
		want   models.Endpoint
	}{
		"nothing given changes nothing": {models.EndpointUpdate{}, before},
		"null clears the URL alone":     {models.EndpointUpdate{URL: modelstest.NoURL}, models.Endpoint{Headers: list}},
		"a URL replaces the URL alone": {
			models.EndpointUpdate{URL: ptrGiven(modelstest.AccountURL)},
			models.Endpoint{URL: new(modelstest.AccountURL), Headers: list},
		},
		"a list replaces the whole list": {
			models.EndpointUpdate{Headers: models.Given([]models.Header{{Key: "b", Value: "3"}})},
			models.Endpoint{URL: new(modelstest.ProjectURL), Headers: []models.Header{{Key: "b", Value: "3"}}},
		},
		"an empty list empties the list": {
			models.EndpointUpdate{Headers: models.Given([]models.Header{})}, models.Endpoint{URL: new(modelstest.ProjectURL)},
		},
		"null for a list empties the list": {
			models.EndpointUpdate{Headers: models.Given[[]models.Header](nil)}, models.Endpoint{URL: new(modelstest.ProjectURL)},
		},
	}
	w := modelstest.NewWorld(t)
	for name, test := range tests {
		full := models.EndpointUpdate{URL: models.Given(before.URL), Headers: models.Given(before.Headers)}
		for _, u := range []models.EndpointUpdate{full, test.update} {
			_, err := w.UpdateProject(t.Context(), w.Editor, tenant.ProjectUpdate{ProjectID: w.Shop.ID, Callback: u})
			modelstest.NoError(t, err)
			_, err = w.UpdateAccount(t.Context(), w.Admin, tenant.AccountUpdate{AccountID: w.Acme.ID, Callback: u})
			modelstest.NoError(t, err)
			_, err = w.UpdateSSOClient(t.Context(), w.Platform, tenant.SSOClientUpdate{SSOClientID: w.Partner.ID, Webhook: u})
			modelstest.NoError(t, err)
		}
		project, account, client := read(w, t)
		for level, got := range map[string]models.Endpoint{
			"project": project.Callback, "account": account.Callback, "SSO client": client.Webhook,
		} {
			if diff := cmp.Diff(test.want, got, modelstest.SecretsByText); diff != "" {
				t.Errorf("%s, %s: %s", name, level, diff)
			}
		}
	}
}

// read returns what is in the database.
func read(w *modelstest.World, t *testing.T) (*tenant.Project, *tenant.Account, *tenant.SSOClient) {
	t.Helper()
	project, err := w.Project(t.Context(), w.Platform, w.Shop.ID)
	modelstest.NoError(t, err)
	account, err := w.Account(t.Context(), w.Platform, w.Acme.ID)
	modelstest.NoError(t, err)
	client, err := w.SSOClient(t.Context(), w.Platform, w.Partner.ID)
	modelstest.NoError(t, err)
	return project, account, client
}

func TestRefusedUpdateChangesNothingAndNamesTheField(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.Clock.Advance(time.Hour)
	badHeaders := models.Given([]models.Header{{Key: "Host", Value: "x"}})
	name, url := ptrGiven("Renamed"), ptrGiven("https://new.example/")
	endpoint := func(u models.Optional[*string], h models.Optional[[]models.Header]) models.EndpointUpdate {
		return models.EndpointUpdate{URL: u, Headers: h}
	}
	project := func(in tenant.ProjectUpdate) error {
		in.ProjectID = w.Shop.ID
		_, err := w.UpdateProject(t.Context(), w.Admin, in)
		return err
	}
	account := func(in tenant.AccountUpdate) error {
		in.AccountID = w.Acme.ID
		_, err := w.UpdateAccount(t.Context(), w.Admin, in)
		return err
	}
	client := func(in tenant.SSOClientUpdate) error {
		in.SSOClientID = w.Partner.ID
		_, err := w.UpdateSSOClient(t.Context(), w.Platform, in)
		return err
	}
	none := models.Optional[[]models.Header]{}
	tests := []struct {
		field string
		err   func() error
	}{
		{"apiCallbackUrl", func() error {
			return project(tenant.ProjectUpdate{Name: name, Callback: endpoint(ptrGiven("ftp://x/"), none)})
		}},
		{
			"apiCallbackUrl",
			func() error { return project(tenant.ProjectUpdate{Name: name, Callback: endpoint(ptrGiven(""), none)}) },
		},
		{
			"apiCallbackHeaders.0.key",
			func() error { return project(tenant.ProjectUpdate{Name: name, Callback: endpoint(url, badHeaders)}) },
		},
		{"name", func() error {
			return project(tenant.ProjectUpdate{Name: modelstest.NoURL, Callback: endpoint(url, none)})
		}},
		{"name", func() error { return project(tenant.ProjectUpdate{Name: ptrGiven(" "), Callback: endpoint(url, none)}) }},
		{"name", func() error { return project(tenant.ProjectUpdate{Name: ptrGiven(strings.Repeat("n", 256))}) }},
		{"name", func() error { return project(tenant.ProjectUpdate{Name: ptrGiven("a\nb")}) }},
		{"primaryDomain", func() error { return project(tenant.ProjectUpdate{Name: name, PrimaryDomain: ptrGiven("")}) }},
		{"apiCallbackUrl", func() error {
			return account(tenant.AccountUpdate{Name: name, Callback: endpoint(ptrGiven("//x"), none)})
		}},
		{
			"apiCallbackHeaders.0.key",
			func() error { return account(tenant.AccountUpdate{Name: name, Callback: endpoint(url, badHeaders)}) },
		},
		{
			"timezone", func() error { return account(tenant.AccountUpdate{Name: name, Timezone: ptrGiven("Europe/Atlantis")}) },
		},
		{"timezone", func() error { return account(tenant.AccountUpdate{Name: name, Timezone: ptrGiven("Local")}) }},
		{"timezone", func() error { return account(tenant.AccountUpdate{Name: name, Timezone: modelstest.NoURL}) }},
		{"webhookUrl", func() error {
			return client(tenant.SSOClientUpdate{Name: name, Webhook: endpoint(ptrGiven("x"), none)})
		}},
		{
			"webhookHeaders.0.key",
			func() error { return client(tenant.SSOClientUpdate{Name: name, Webhook: endpoint(url, badHeaders)}) },
		},
	}
	projectBefore, accountBefore, clientBefore := read(w, t)
	for _, test := range tests {
		modelstest.WantError(t, test.err(), models.CodeBadUserInput, test.field)
	}
	projectAfter, accountAfter, clientAfter := read(w, t)
	if diff := cmp.Diff(projectBefore, projectAfter) + cmp.Diff(accountBefore, accountAfter) +
		cmp.Diff(clientBefore, clientAfter); diff != "" {
		t.Error(diff)
	}
}

func TestUpdateOfNamesIsKept(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.Clock.Advance(time.Hour)
	_, err := w.UpdateProject(t.Context(), w.Editor, tenant.ProjectUpdate{
		ProjectID: w.Shop.ID, Name: ptrGiven("Läden"), PrimaryDomain: ptrGiven("https://" + strings.Repeat("d", 2040)),
	})
	modelstest.NoError(t, err)
	_, err = w.UpdateAccount(
		t.Context(), w.Admin, tenant.AccountUpdate{AccountID: w.Acme.ID, Timezone: ptrGiven("Europe/London")},
	)
	modelstest.NoError(t, err)
	project, account, _ := read(w, t)
	if project.Name != "Läden" || len(project.PrimaryDomain) != 2048 || !project.UpdatedAt.Equal(w.Clock.Now()) ||
		!project.CreatedAt.Equal(modelstest.Start) {
		t.Errorf("got %+v", project)
	}
	if account.Timezone != "Europe/London" || account.Name != "Acme" {
		t.Errorf("got %+v", account)
	}
}

func TestCreationRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	ctx := t.Context()
	account := func(in tenant.NewAccount) error { _, err := w.CreateAccount(ctx, w.Platform, in); return err }
	user := func(in tenant.NewUser) error { _, err := w.CreateUser(ctx, w.Platform, in); return err }
	project := func(in tenant.NewProject) error { _, err := w.CreateProject(ctx, w.Platform, in); return err }
	member := tenant.Membership{AccountID: w.Acme.ID, Role: models.RoleViewer}
	tests := map[string]struct {
		err   error
		code  models.Code
		field string
	}{
		"account without name": {account(tenant.NewAccount{}), models.CodeBadUserInput, "name"},
		"account, timezone": {
			account(tenant.NewAccount{Name: "A", Timezone: new("Mars")}), models.CodeBadUserInput, "timezone",
		},
		"account, taken rawID": {account(tenant.NewAccount{Name: "A", RawID: w.Acme.ID}), models.CodeConflict, "rawID"},
		"account, unknown client": {
			account(tenant.NewAccount{Name: "A", SSOClientID: new(int64(999))}), models.CodeNotFound, "ssoClientId",
		},
		"account, empty partner id": {
			account(tenant.NewAccount{Name: "A", PartnerAccountID: new("")}), models.CodeBadUserInput, "partnerAccountId",
		},
		"user, no email":    {user(tenant.NewUser{Email: "someone"}), models.CodeBadUserInput, "email"},
		"user, named email": {user(tenant.NewUser{Email: "A <a@example.com>"}), models.CodeBadUserInput, "email"},
		"user, taken email": {user(tenant.NewUser{Email: w.AdminUser.Email}), models.CodeConflict, "email"},
		"user, taken rawID": {
			user(tenant.NewUser{Email: "b@example.com", RawID: w.AdminUser.ID}), models.CodeConflict, "rawID",
		},
		"user, unknown account": {
			user(
				tenant.NewUser{Email: "c@example.com", Accounts: []tenant.Membership{{AccountID: 999, Role: models.RoleViewer}}},
			),
			models.CodeNotFound, "accounts.0.accountId",
		},
		"user, unknown role": {
			user(tenant.NewUser{Email: "d@example.com", Accounts: []tenant.Membership{{AccountID: w.Acme.ID, Role: "Owner"}}}),
			models.CodeBadUserInput, "accounts",
		},
		"user, an account twice": {
			user(tenant.NewUser{Email: "e@example.com", Accounts: []tenant.Membership{member, member}}), models.CodeBadUserInput,
			"accounts",
		},
		"project, taken rawID": {
			project(tenant.NewProject{AccountID: w.Acme.ID, Name: "P", PrimaryDomain: "d", RawID: w.Shop.ID}),
			models.CodeConflict, "rawID",
		},
		"project, no domain": {
			project(tenant.NewProject{AccountID: w.Acme.ID, Name: "P"}), models.CodeBadUserInput, "primaryDomain",
		},
		"project of unknown account": {
			project(tenant.NewProject{AccountID: 999, Name: "P", PrimaryDomain: "d"}), models.CodeNotFound, "",
		},
	}
	for name, test := range tests {
		t.Log(name)
		modelstest.WantError(t, test.err, test.code, test.field)
	}
	// A refused user is not there half: the email is free still.
	modelstest.NoError(t, user(tenant.NewUser{Email: "c@example.com"}))
}

func TestDeletedProjectIsOutOfSight(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	_, err := w.DeleteProject(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	_, err = w.Project(t.Context(), w.Platform, w.Shop.ID)
	modelstest.WantError(t, err, models.CodeNotFound, "")
	_, err = w.UpdateProject(t.Context(), w.Admin, tenant.ProjectUpdate{ProjectID: w.Shop.ID, Name: ptrGiven("x")})
	modelstest.WantError(t, err, models.CodeNotFound, "")
	_, err = w.DeleteProject(t.Context(), w.Admin, w.Shop.ID)
	modelstest.WantError(t, err, models.CodeNotFound, "")
}
