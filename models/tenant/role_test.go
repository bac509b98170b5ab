package tenant_test

import (
	"slices"
	"sync/atomic"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

// newUser makes one with roles.
func newUser(t *testing.T, w *modelstest.World, email string, roles ...tenant.Membership) *tenant.User {
	t.Helper()
	u, err := w.CreateUser(t.Context(), w.Platform, tenant.NewUser{Email: email, Accounts: roles})
	modelstest.NoError(t, err)
	return u
}

// roleOf reads a user's role on the World's account, as the next request has it.
func roleOf(t *testing.T, w *modelstest.World, userID int64) models.Role {
	t.Helper()
	session, err := w.CreateSessionUsingLoginCode(t.Context(), newLoginCode(t, w, userID))
	modelstest.NoError(t, err)
	actor, err := w.AuthenticateSession(t.Context(), session.Token)
	modelstest.NoError(t, err)
	return actor.RoleOn(w.Acme.ID)
}

func TestARoleIsSetByAnAdminOfTheAccountAndByThePlatform(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	u := newUser(t, w, "new@example.com", tenant.Membership{AccountID: w.Acme.ID, Role: models.RoleViewer})
	set := func(actor *models.Actor, role models.Role) error {
		_, err := w.SetRole(t.Context(), actor, tenant.RoleToSet{AccountID: w.Acme.ID, UserID: u.ID, Role: role})
		return err
	}
	for name, actor := range map[string]*models.Actor{"admin": w.Admin, "platform": w.Platform} {
		for _, role := range []models.Role{models.RoleEditor, models.RoleEditor, models.RoleAdmin, models.RoleViewer} {
			modelstest.NoError(t, set(actor, role))
			if got := roleOf(t, w, u.ID); got != role {
				t.Errorf("%s: %q, want %q", name, got, role)
			}
		}
	}
	for name, actor := range map[string]*models.Actor{"editor": w.Editor, "viewer": w.Viewer} {
		modelstest.WantError(t, set(actor, models.RoleAdmin), models.CodeForbidden, "")
		if got := roleOf(t, w, u.ID); got != models.RoleViewer {
			t.Errorf("%s: %q", name, got)
		}
	}
	modelstest.WantError(t, set(w.Outsider, ""), models.CodeNotFound, "")
	modelstest.WantError(t, set(w.Admin, "Owner"), models.CodeBadUserInput, "role")
	for range 2 { // the second time there is nobody any more, as there is not for another's Admin
		err := set(w.Admin, "")
		if got := roleOf(t, w, u.ID); got != "" {
			t.Errorf("%q after it was taken away: %v", got, err)
		}
	}
	modelstest.WantError(t, set(w.Admin, models.RoleViewer), models.CodeNotFound, "")
	modelstest.NoError(t, set(w.Platform, ""))
	modelstest.NoError(t, set(w.Platform, models.RoleEditor))
	if got := roleOf(t, w, u.ID); got != models.RoleEditor {
		t.Errorf("%q after the platform has given it anew", got)
	}
	_, err := w.SetRole(t.Context(), w.Platform, tenant.RoleToSet{AccountID: w.Acme.ID, UserID: 999, Role: models.RoleEditor})
	modelstest.WantError(t, err, models.CodeNotFound, "")
}

// TestAnAccountKeepsAnAdmin whoever takes the role away, and however many do at once.
func TestAnAccountKeepsAnAdmin(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	account, err := w.CreateAccount(t.Context(), w.Platform, tenant.NewAccount{Name: "Two"})
	modelstest.NoError(t, err)
	admin := func(email string) *models.Actor {
		u := newUser(t, w, email, tenant.Membership{AccountID: account.ID, Role: models.RoleAdmin})
		return &models.Actor{UserID: u.ID, Roles: map[int64]models.Role{account.ID: models.RoleAdmin}}
	}
	set := func(by *models.Actor, userID int64, role models.Role) error {
		_, err := w.SetRole(t.Context(), by, tenant.RoleToSet{AccountID: account.ID, UserID: userID, Role: role})
		return err
	}
	one, two := admin("one@example.com"), admin("two@example.com")
	var took, kept atomic.Int32
	modelstest.AtOnce(2, func(i int) { // each the other's
		by, of := one, two
		if i == 1 {
			by, of = two, one
		}
		switch err := set(by, of.UserID, models.RoleViewer); {
		case err == nil:
			took.Add(1)
		case models.ErrorCode(err) == models.CodeConflict:
			kept.Add(1)
		default:
			t.Error(err)
		}
	})
	if took.Load() != 1 || kept.Load() != 1 {
		t.Fatalf("%d took it, %d did not", took.Load(), kept.Load())
	}
	pages, err := w.AccountUserPages(t.Context(), w.Platform, []int64{account.ID}, models.Page{First: 10})
	modelstest.NoError(t, err)
	users := pages[account.ID].Nodes
	i := slices.IndexFunc(users, func(u *tenant.AccountUser) bool { return u.Role == models.RoleAdmin })
	if len(users) != 2 || i < 0 {
		t.Fatalf("%+v", users)
	}
	last := users[i].User.ID
	for _, by := range []*models.Actor{{UserID: last, Roles: map[int64]models.Role{account.ID: models.RoleAdmin}}, w.Platform} {
		for _, role := range []models.Role{"", models.RoleEditor} {
			modelstest.WantError(t, set(by, last, role), models.CodeConflict, "userId")
		}
		modelstest.NoError(t, set(by, last, models.RoleAdmin))
	}
}

func TestUsersAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	all, err := w.CountUsers(t.Context(), w.Platform)
	modelstest.NoError(t, err)
	w.Clock.Advance(1)
	u := newUser(t, w, "newest@example.com")
	page, err := w.UserPage(t.Context(), w.Platform, models.Page{First: 2})
	modelstest.NoError(t, err)
	if n, err := w.CountUsers(t.Context(), w.Platform); err != nil || n != all+1 || len(page.Nodes) != 2 || page.Nodes[0].ID != u.ID {
		t.Errorf("%+v of %d: %v", page.Nodes, n, err)
	}
	for _, actor := range []*models.Actor{w.Admin, w.Outsider} {
		_, err := w.UserPage(t.Context(), actor, models.Page{First: 2})
		modelstest.WantError(t, err, models.CodeForbidden, "")
		_, err = w.CountUsers(t.Context(), actor)
		modelstest.WantError(t, err, models.CodeForbidden, "")
	}
}

func TestRolesOfUsersAreSeenByThemselvesAndThePlatform(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	ids := []int64{w.AdminUser.ID, w.Viewer.UserID}
	for name, want := range map[string]struct {
		actor *models.Actor
		seen  []int64
	}{"platform": {w.Platform, ids}, "itself": {w.Viewer, ids[1:]}, "its admin": {w.Admin, ids[:1]}, "stranger": {w.Outsider, nil}} {
		pages, err := w.RolePages(t.Context(), want.actor, ids, models.Page{First: 10})
		modelstest.NoError(t, err)
		counts, err := w.CountRoles(t.Context(), want.actor, ids)
		modelstest.NoError(t, err)
		for _, id := range ids {
			var roles []*tenant.AccountRole
			if page := pages[id]; page != nil {
				roles = page.Nodes
			}
			seen := slices.Contains(want.seen, id)
			if len(roles) != counts[id] || (len(roles) == 1 && roles[0].AccountID == w.Acme.ID) != seen {
				t.Errorf("%s sees %v of %d, %d counted", name, roles, id, counts[id])
			}
		}
	}
}
