package modelstest

import (
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// SetURL changes the project's callback URL.
func (w *World) SetURL(url *string) {
	w.T.Helper()
	_, err := w.UpdateProject(w.T.Context(), w.Editor, tenant.ProjectUpdate{
		ProjectID: w.Shop.ID, Callback: models.EndpointUpdate{URL: models.Given(url)},
	})
	NoError(w.T, err)
}

// NewProjectKey makes a key, and returns its text too.
func (w *World) NewProjectKey(p *tenant.Project) (*tenant.ProjectKey, models.Secret) {
	w.T.Helper()
	key, text, err := w.CreateProjectKey(w.T.Context(), w.Platform, p.ID, "CI")
	NoError(w.T, err)
	return key, text
}

// KeyActor is a program with a new key of the project.
func (w *World) KeyActor(p *tenant.Project) *models.Actor {
	w.T.Helper()
	_, text := w.NewProjectKey(p)
	actor, err := w.AuthenticateKey(w.T.Context(), text)
	NoError(w.T, err)
	return actor
}

// PartnerActor is a partner's program with a new key of its SSO client.
func (w *World) PartnerActor(client *tenant.SSOClient) *models.Actor {
	w.T.Helper()
	_, text, err := w.CreateSSOClientKey(w.T.Context(), w.Platform, client.ID, "CI")
	NoError(w.T, err)
	actor, err := w.AuthenticateKey(w.T.Context(), text)
	NoError(w.T, err)
	return actor
}

// PortalActor is a page with a new portal session.
func (w *World) PortalActor(of models.KeyScope) *models.Actor {
	w.T.Helper()
	session, err := w.CreatePortalSession(w.T.Context(), w.Platform, tenant.NewPortalSession{Of: of, ExpiresIn: time.Hour})
	NoError(w.T, err)
	actor, err := w.Authenticate(w.T.Context(), tenant.Credentials{SessionToken: session.Token})
	NoError(w.T, err)
	return actor
}

// SetWebhook changes where notices go.
func (w *World) SetWebhook(url *string) {
	w.T.Helper()
	_, err := w.UpdateSSOClient(w.T.Context(), w.Platform, tenant.SSOClientUpdate{
		SSOClientID: w.Partner.ID, Webhook: models.EndpointUpdate{URL: models.Given(url)},
	})
	NoError(w.T, err)
}

// SetTarget changes the project's or, without one, the account's URL, with a header that names the level.
func (w *World) SetTarget(project *tenant.Project, url *string) {
	w.T.Helper()
	level := func(name string) models.EndpointUpdate {
		headers := []models.Header{{Key: "X-Level", Value: models.Secret(name)}}
		return models.EndpointUpdate{URL: models.Given(url), Headers: models.Given(headers)}
	}
	var err error
	if project == nil {
		change := tenant.AccountUpdate{AccountID: w.Acme.ID, Callback: level("account")}
		_, err = w.UpdateAccount(w.T.Context(), w.Admin, change)
	} else {
		change := tenant.ProjectUpdate{ProjectID: project.ID, Callback: level("project")}
		_, err = w.UpdateProject(w.T.Context(), w.Admin, change)
	}
	NoError(w.T, err)
}

// HiddenSecret must be seen by receivers alone.
const HiddenSecret = "t0p-s3cr3t-v4lue"

// NewActor makes a user of an account.
func (w *World) NewActor(account *tenant.Account, role models.Role) *models.Actor {
	w.T.Helper()
	user, err := w.CreateUser(w.T.Context(), w.Platform, tenant.NewUser{
		Email: string(role) + "@" + account.RawID() + ".example", FirstName: new("Demo"), LastName: new("User"),
		PartnerUserID: new("3333312"), Accounts: []tenant.Membership{{AccountID: account.ID, Role: role}},
	})
	NoError(w.T, err)
	return &models.Actor{UserID: user.ID, Roles: map[int64]models.Role{account.ID: role}}
}

// NewProject makes a project, with a callback URL unless that is nil.
func (w *World) NewProject(account *tenant.Account, url *string) *tenant.Project {
	w.T.Helper()
	p, err := w.CreateProject(w.T.Context(), w.Platform, tenant.NewProject{
		AccountID: account.ID, Name: "Shop", PrimaryDomain: "https://www.example.com/",
		Callback: models.EndpointUpdate{URL: models.Given(url)},
	})
	NoError(w.T, err)
	return p
}

// SourcedHeader is a header that stands at a level.
func SourcedHeader(key, value string, source tenant.Level) tenant.SourcedHeader {
	return tenant.SourcedHeader{Header: models.Header{Key: key, Value: models.Secret(value)}, Source: source}
}

// SecretsByText compares secrets by their text, which cmp would print masked.
var SecretsByText = cmp.Comparer(func(a, b models.Secret) bool { return a.Reveal() == b.Reveal() })

// NoURL takes a URL away.
var NoURL = models.Given[*string](nil)

// URLOfLength has n bytes.
func URLOfLength(n int) string {
	const start = "https://example.com/"
	return start + strings.Repeat("a", n-len(start))
}
