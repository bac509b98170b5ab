package tenant_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func TestCredentialsAreReadFromThreeHeaders(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header, value string
		want          tenant.Credentials
	}{
		"none":                    {"X-Other", "a", tenant.Credentials{}},
		"token":                   {"x-auth-token", "a", tenant.Credentials{SessionToken: "a"}},
		"bearer":                  {"Authorization", "Bearer a", tenant.Credentials{SessionToken: "a"}},
		"bearer in small letters": {"authorization", "bearer  a ", tenant.Credentials{SessionToken: "a"}},
		"key":                     {"x-api-key", "a", tenant.Credentials{APIKey: "a"}},
		// Meant as a credential, so it must not pass as nobody's.
		"another scheme": {"Authorization", "Basic a", tenant.Credentials{SessionToken: "Basic a"}},
		"no scheme":      {"Authorization", "a", tenant.Credentials{SessionToken: "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			h.Set(test.header, test.value)
			got := tenant.CredentialsFrom(h)
			if got != test.want { // not cmp.Diff, which would show masks
				t.Errorf("got %q and %q", got.SessionToken.Reveal(), got.APIKey.Reveal())
			}
		})
	}
}

func TestXAuthTokenGoesBeforeAuthorization(t *testing.T) {
	t.Parallel()
	got := tenant.CredentialsFrom(http.Header{"X-Auth-Token": {"a"}, "Authorization": {"Bearer b"}})
	if got.SessionToken != "a" {
		t.Errorf("got %q", got.SessionToken.Reveal())
	}
}

func TestCredentialsMakeTheirActor(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	platformKey := tenant.NewPlatformKey()
	w.AccessRules.PlatformKeyHash = platformKey.Hash()
	w.Configure()
	session, err := w.StartSession(t.Context(), w.AdminUser.ID, nil)
	modelstest.NoError(t, err)
	key, text := w.NewProjectKey(w.Shop)

	actor, err := w.Authenticate(t.Context(), tenant.Credentials{})
	modelstest.NoError(t, err)
	if actor != nil {
		t.Errorf("a stranger is %+v", actor)
	}
	// Where both are given, the session counts, also when it is not valid.
	for _, other := range []models.Secret{"", platformKey, "rbj_unknown"} {
		actor, err = w.Authenticate(t.Context(), tenant.Credentials{SessionToken: session.Token, APIKey: other})
		modelstest.NoError(t, err)
		if actor.UserID != w.AdminUser.ID || actor.Platform || actor.Key != nil {
			t.Errorf("a session's actor is %+v", actor)
		}
	}
	_, err = w.Authenticate(t.Context(), tenant.Credentials{SessionToken: "rbs_unknown", APIKey: platformKey})
	modelstest.WantError(t, err, models.CodeUnauthenticated, "")

	actor, err = w.Authenticate(t.Context(), tenant.Credentials{APIKey: platformKey})
	modelstest.NoError(t, err)
	if !actor.Platform || actor.Key != nil || actor.UserID != 0 {
		t.Errorf("the platform's actor is %+v", actor)
	}
	actor, err = w.Authenticate(t.Context(), tenant.Credentials{APIKey: text})
	modelstest.NoError(t, err)
	want := &models.Actor{Key: &models.KeyScope{AccountID: key.AccountID, ProjectID: key.ProjectID, Role: models.RoleEditor}}
	if diff := cmp.Diff(want, actor); diff != "" {
		t.Error(diff)
	}
}
