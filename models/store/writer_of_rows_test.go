package store_test

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// What docs/security.md says of who can write to the database, so that nobody takes hashes for a wall.
func TestWhoWritesToTheDatabaseCanBeAnyUser(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	tenants := tenant.NewService(tenant.NewQueries(s, time.Now), s.InTenantTx, 0)
	access := tenant.NewAccess(s, s.InAccessTx, tenant.AccessRules{}, time.Now, slog.New(slog.DiscardHandler))
	account, err := tenants.CreateAccount(t.Context(), models.PlatformActor(), tenant.NewAccount{Name: "Acme"})
	modelstest.NoError(t, err)
	user, err := access.CreateUser(t.Context(), models.PlatformActor(), tenant.NewUser{
		Email: "a@example.com", Accounts: []tenant.Membership{{AccountID: account.ID, Role: models.RoleViewer}},
	})
	modelstest.NoError(t, err)
	const token = models.Secret("rbs_a-token-that-the-writer-chose")
	now := time.Now()
	modelstest.NoError(t, s.DB().Exec("INSERT INTO sessions (user_id, token_hash, created_at, expires_at) VALUES (?, "+
		"?, ?, ?)",
		user.ID, token.Hash(), now.UnixMicro(), now.Add(time.Hour).UnixMicro()).Error)
	modelstest.NoError(t, s.DB().Exec("UPDATE memberships SET role = 'Admin'").Error)
	actor, err := access.Authenticate(t.Context(), tenant.CredentialsFrom(http.Header{"X-Auth-Token": {token.Reveal()}}))
	modelstest.NoError(t, err)
	if actor.UserID != user.ID || actor.RoleOn(account.ID) != models.RoleAdmin {
		t.Errorf("the token is that of %+v", actor)
	}
}
