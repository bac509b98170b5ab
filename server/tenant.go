package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/domain"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/tenant"
)

// The demo tenant that a first start in an empty data folder makes.
const (
	demoSSOClientID    = 1
	demoAccountID      = 123123
	demoUserID         = 123123
	demoProjectID      = 1123123
	demoOtherProjectID = 123
)

// demoTenant is what the first start made and prints, this once.
type demoTenant struct {
	session     *tenant.Session
	platformKey models.Secret // empty where it is the environment's: who set it knows it
}

// platformKeyHash returns the hash of the platform's key: that of the configuration, or else the one that the first
// start on the embedded default made.
func (a *app) platformKeyHash(ctx context.Context) ([]byte, error) {
	var stored []byte
	if a.cfg.embedded() {
		var err error
		stored, err = a.store.PlatformKeyHash(ctx)
		if err == nil && stored == nil {
			stored, err = a.makeTenant(ctx)
		}
		if err != nil {
			return nil, err
		}
	}
	if a.cfg.PlatformKey != "" {
		return a.cfg.PlatformKey.Hash(), nil
	}
	if stored == nil {
		a.log.WarnContext(ctx, "platform.no_key",
			"meaning", "RINGBACK_PLATFORM_KEY is not set: nobody can finish crawls or make accounts")
	}
	return stored, nil
}

func (a *app) domainRules(platformKeyHash []byte) domain.Rules {
	return domain.Rules{
		Access:      tenant.AccessRules{PlatformKeyHash: platformKeyHash, MaxSessions: a.cfg.QuotaSessions},
		MaxProjects: a.cfg.QuotaProjects, Runs: a.cfg.runRules(),
	}
}

// makeTenant makes the demo tenant and the platform's key in one transaction: a start that dies in the middle is a
// first start again.
func (a *app) makeTenant(ctx context.Context) ([]byte, error) {
	t := &demoTenant{}
	err := a.store.Transaction(ctx, func(tx *store.Store) (err error) {
		tenants, access := a.tenants(tx)
		if err := createDemoTenant(ctx, tenants, access); err != nil {
			return err
		}
		name := "first start"
		if t.session, err = access.StartSession(ctx, demoUserID, &name); err != nil {
			return err
		}
		t.platformKey, err = a.setPlatformKey(ctx, tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("make the demo tenant: %w", err)
	}
	a.firstStart = t
	return cmp.Or(t.platformKey, a.cfg.PlatformKey).Hash(), nil
}

// setPlatformKey lets the configured key work from then on, or a new one, which it returns.
func (a *app) setPlatformKey(ctx context.Context, tx *store.Store) (made models.Secret, err error) {
	if a.cfg.PlatformKey == "" {
		made = tenant.NewPlatformKey()
	}
	return made, tx.SetPlatformKeyHash(ctx, cmp.Or(made, a.cfg.PlatformKey).Hash())
}

func createDemoTenant(ctx context.Context, tenants *tenant.Service, access *tenant.Access) error {
	platform := models.PlatformActor()
	sso, err := tenants.CreateSSOClient(ctx, platform, tenant.NewSSOClient{Name: "Acme SSO", RawID: demoSSOClientID})
	if err != nil {
		return err
	}
	partnerAccount, partnerUser, zone, first, last := "123123", "3333312", "Europe/London", "Demo", "User"
	account, err := tenants.CreateAccount(ctx, platform, tenant.NewAccount{
		Name: "Demo account", RawID: demoAccountID, Timezone: &zone, SSOClientID: &sso.ID, PartnerAccountID: &partnerAccount,
	})
	if err != nil {
		return err
	}
	if _, err := access.CreateUser(ctx, platform, tenant.NewUser{
		Email: "demo@example.com", RawID: demoUserID, FirstName: &first, LastName: &last, PartnerUserID: &partnerUser,
		Accounts: []tenant.Membership{{AccountID: account.ID, Role: models.RoleAdmin}},
	}); err != nil {
		return err
	}
	for id, name := range map[int64]string{demoProjectID: "Demo project", demoOtherProjectID: "Second demo project"} {
		if _, err := tenants.CreateProject(ctx, platform, tenant.NewProject{
			AccountID: account.ID, RawID: id, Name: name, PrimaryDomain: "https://www.example.com/",
		}); err != nil {
			return err
		}
	}
	return nil
}

// print shows a newcomer what was made and the first command to try.
func (t *demoTenant) print(w io.Writer, base string) {
	token := t.session.Token.Reveal()
	headers := url.QueryEscape(`{"x-auth-token":"` + token + `"}`)
	key := "that of RINGBACK_PLATFORM_KEY"
	if t.platformKey != "" {
		key = t.platformKey.Reveal() + "\n                 (says which crawls have finished; shown this once)"
	}
	fmt.Fprintf(w, `
First start: made the demo account %d with the projects %d and %d.

  Session token  %s
                 (Demo User, Admin; good for 30 days; shown this once)
  Platform key   %s
  Explorer       %s/explorer#headers=%s

Try it:

  curl -s %s/graphql -H 'Content-Type: application/json' -H 'x-auth-token: %s' \
    -d '{"query":"{ me { firstName accounts { nodes { name projects { nodes { id rawID name apiCallbackUrl } } } } } }"}'

`, demoAccountID, demoProjectID, demoOtherProjectID, token, key, base, headers, base, token)
}
