package tenant_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func TestWrongCredentialsSayWhatToSendInstead(t *testing.T) {
	t.Parallel()
	const plain = "It goes into the header x-auth-token"
	for name, c := range map[string]struct{ header, value, says string }{
		"a token where nobody looks":         {"x-api-token", "rbs_", "x-api-token has a session's token: send it as x-auth-token"},
		"a key where nobody looks":           {"api-key", "rbp_", "api-key has a key: send it as x-api-key"},
		"something where nobody looks":       {"X-Access-Token", "", "x-access-token is not read: a session's token goes into"},
		"a bearer where nobody looks":        {"x-authorization", "Bearer rbs_", "x-authorization has a session's token"},
		"a token as a key":                   {"x-api-key", "rbs_", "x-api-key has a session's token: send it as x-auth-token"},
		"the platform's key as a token":      {"x-auth-token", "rbp_", "x-auth-token has a key: send it as x-api-key"},
		"a project's key as a bearer":        {"Authorization", "Bearer rbj_", "authorization has a key: send it as x-api-key"},
		"a partner's key as a token":         {"x-auth-token", "rbc_", "x-auth-token has a key: send it as x-api-key"},
		"a portal session's token as a key":  {"x-api-key", "rbt_", "x-api-key has a session's token: send it as x-auth-token"},
		"a user key's secret as a token":     {"x-auth-token", "rbk_", "createSessionUsingUserKey"},
		"a user key's secret as a key":       {"x-api-key", "rbk_", "createSessionUsingUserKey"},
		"a login code as a token":            {"x-auth-token", "rbl_", "createSessionUsingLoginCode"},
		"a token with its scheme":            {"x-auth-token", "Bearer rbs_", "takes the token alone, without Bearer"},
		"a bearer without its scheme":        {"Authorization", "rbs_", "is read with the scheme Bearer alone"},
		"another scheme":                     {"Authorization", "Basic ", "is read with the scheme Bearer alone"},
		"an old token":                       {"x-auth-token", "rbs_", plain},
		"an old key":                         {"x-api-key", "rbp_", plain},
		"an old bearer":                      {"Authorization", "Bearer rbs_", plain},
		"something of theirs":                {"x-trace", "rbs_", plain},
		"what was no token as far as we see": {"x-auth-token", "", plain},
	} {
		err := tenant.Advised(models.Unauthenticated(), header(c.header, c.value+modelstest.HiddenSecret))
		modelstest.WantError(t, err, models.CodeUnauthenticated, "")
		if got := err.Error(); !strings.HasPrefix(got, "Unauthorized. ") || !strings.Contains(got, c.says) {
			t.Errorf("%s: %s", name, got)
		}
		wantNoSecret(t, err)
	}
	other := errors.New("other")
	if got := tenant.Advised(other, header("x-api-token", "rbs_x")); !errors.Is(got, other) {
		t.Errorf("another error becomes %v", got)
	}
	if got := tenant.Advised(nil, nil); got != nil {
		t.Errorf("no error becomes %v", got)
	}
}

func header(name, value string) http.Header {
	h := http.Header{}
	h.Set(name, value)
	return h
}

func wantNoSecret(t *testing.T, err error) {
	t.Helper()
	if strings.Contains(err.Error(), modelstest.HiddenSecret) {
		t.Errorf("it repeats the secret: %v", err)
	}
}
