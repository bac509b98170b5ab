package models_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

// partnerPermissions is who may do what of the table permissions with the SSO client of the account, as far as it is not
// FORBIDDEN: with its key, and with portal sessions that manage and read. They see its accounts as a Viewer does, and
// have callbacks sent again.
var partnerPermissions = map[string]struct{ key, manage, read models.Code }{
	"UpdateSSOClient (its webhook)":        {may, may, forbid},
	"CreateSSOClientKey":                   {may, forbid, forbid},
	"DeleteSSOClientKey":                   {may, forbid, forbid},
	"RotateWebhookSecret":                  {may, may, forbid},
	"SSOClientSigningSecrets":              {may, may, forbid},
	"CreatePortalSession of an SSO client": {may, forbid, forbid},
	"SSOClient":                            {may, may, may},
	"SSOClientPage":                        {may, may, may},
	"ReplayCallback":                       {may, may, forbid},
	"RetryCallback":                        {may, may, forbid},
	"ReplayCallback of a notice":           {may, may, forbid},
	"ReplayAll of a project":               {may, may, forbid},
	"ReplayAll of an account":              {may, may, forbid},
	"ReplayAll of an SSO client":           {may, may, forbid},
	"RetryCallbacks of a project":          {may, may, forbid},
	"RetryCallbacks of an account":         {may, may, forbid},
	"RetryCallbacks of an SSO client":      {may, may, forbid},
	"SendTest of an SSO client":            {may, may, forbid},
	"Preview of a notice":                  {may, may, may},
	"User (the admin)":                     {missing, missing, missing},
	"DeleteUserKey of another user":        {forbid, forbid, forbid},
}

// reachedByMembers tells whether a Viewer may do it.
func reachedByMembers(name string) bool {
	return permissions[name].viewer == may && name != "Preview" // which is a body
}

// namesSSOClient are those that name the SSO client or what is its own, which another partner does not find.
var namesSSOClient = []string{
	"UpdateSSOClient", "UpdateSSOClient (its webhook)", "CreateSSOClientKey", "DeleteSSOClientKey", "RotateWebhookSecret",
	"SSOClientPage", "ReplayAll of an SSO client", "RetryCallbacks of an SSO client",
}

// ofOtherPartner is what another partner gets.
func ofOtherPartner(name string) models.Code {
	if permissions[name].outsider == missing && name != "DeleteUserKey of another user" || slices.Contains(namesSSOClient, name) {
		return missing
	}
	return forbid
}

func TestAPartnerMayDoWhatTheTableSays(t *testing.T) {
	t.Parallel()
	ofPartner := func(role models.Role) func(*modelstest.World) *models.Actor {
		return func(w *modelstest.World) *models.Actor {
			return w.PortalActor(models.KeyScope{SSOClientID: w.Partner.ID, Role: role})
		}
	}
	for caller, actor := range map[string]func(*modelstest.World) *models.Actor{
		"key":    func(w *modelstest.World) *models.Actor { return w.PartnerActor(w.Partner) },
		"manage": ofPartner(models.RoleEditor), "read": ofPartner(models.RoleViewer),
		"other": func(w *modelstest.World) *models.Actor {
			return w.PartnerActor(w.NewPartner("https://other.example/webhook"))
		},
	} {
		t.Run(caller, func(t *testing.T) {
			t.Parallel()
			w := modelstest.NewWorld(t)
			f, a := newFixtures(t, w), actor(w)
			for _, name := range slices.Sorted(maps.Keys(permissions)) {
				want := forbid
				p, named := partnerPermissions[name]
				switch {
				case caller == "other":
					want = ofOtherPartner(name)
				case named:
					want = map[string]models.Code{"key": p.key, "manage": p.manage, "read": p.read}[caller]
				case reachedByMembers(name):
					want = may
				}
				err := permissions[name].do(t.Context(), w, a, f)
				if want == may && err != nil || want != may && (err == nil || models.ErrorCode(err) != want) {
					t.Errorf("%s: got %v, want %q", name, err, want)
				}
			}
		})
	}
}

// A portal session of a project, or of an account, does what a Viewer or an Editor may, and opens no further ones.
func TestAPortalSessionMayDoWhatItsRoleMay(t *testing.T) {
	t.Parallel()
	for _, role := range []models.Role{models.RoleViewer, models.RoleEditor} {
		for _, of := range []string{"project", "account", "another project", "another account"} {
			t.Run(string(role)+" of "+of, func(t *testing.T) {
				t.Parallel()
				w := modelstest.NewWorld(t)
				f := newFixtures(t, w)
				f.doomed = w.Shop // no session may delete it, so the others still find it
				scope := map[string]models.KeyScope{
					"project": {ProjectID: w.Shop.ID}, "account": {AccountID: w.Acme.ID},
					"another project": {ProjectID: w.NewProject(w.Acme, nil).ID}, "another account": {AccountID: w.Other.ID},
				}[of]
				scope.Role = role
				a := w.PortalActor(scope)
				for _, name := range slices.Sorted(maps.Keys(permissions)) {
					want := portalMay(name, of, role)
					err := permissions[name].do(t.Context(), w, a, f)
					if want == may && err != nil || want != may && (err == nil || models.ErrorCode(err) != want) {
						t.Errorf("%s: got %v, want %q", name, err, want)
					}
				}
			})
		}
	}
}

// portalMay is what a portal session gets, by the tables of users and of projects' keys.
func portalMay(name, of string, role models.Role) models.Code {
	p, key := permissions[name], keyPermissions[name]
	want := map[string]models.Code{
		"account": p.viewer, "another account": key.foreign, "project": key.own, "another project": key.sibling,
	}[of]
	switch {
	case of == "account" && role == models.RoleEditor:
		want = p.editor
	case role == models.RoleViewer && want == may && p.viewer == forbid:
		want = forbid
	}
	if name == "DeleteUserKey of another user" { // there is no user
		return forbid
	}
	return want
}
