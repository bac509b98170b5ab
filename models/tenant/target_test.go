package tenant_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

var errUnreadable = errors.New("another key has sealed it")

func TestHeadersTravelWithTheURLTheyStandBeside(t *testing.T) {
	t.Parallel()
	accountURL, projectURL := new("https://account.example/"), new("https://project.example/")
	accountHeaders := []models.Header{{Key: "Authorization", Value: "account"}, {Key: "X-Account", Value: "a"}}
	projectHeaders := []models.Header{{Key: "AUTHORIZATION", Value: "project"}, {Key: "X-Project", Value: "p"}}
	tests := map[string]struct {
		account, project models.Endpoint
		want             tenant.Target
	}{
		"nothing anywhere": {},
		"headers alone go nowhere": {
			account: models.Endpoint{Headers: accountHeaders}, project: models.Endpoint{Headers: projectHeaders},
		},
		"the project's URL goes before the account's, with the project's headers only": {
			account: models.Endpoint{URL: accountURL, Headers: accountHeaders},
			project: models.Endpoint{URL: projectURL, Headers: projectHeaders},
			want: tenant.Target{URL: *projectURL, Source: tenant.LevelProject, Headers: []tenant.SourcedHeader{
				modelstest.SourcedHeader("AUTHORIZATION", "project", tenant.LevelProject),
				modelstest.SourcedHeader("X-Project", "p", tenant.LevelProject),
			}},
		},
		"a project URL without headers gets none of the account's": {
			account: models.Endpoint{URL: accountURL, Headers: accountHeaders}, project: models.Endpoint{URL: projectURL},
			want: tenant.Target{URL: *projectURL, Source: tenant.LevelProject, Headers: []tenant.SourcedHeader{}},
		},
		"the account's URL has the account's headers, with the project's laid over them by name": {
			account: models.Endpoint{URL: accountURL, Headers: accountHeaders},
			project: models.Endpoint{Headers: projectHeaders},
			want: tenant.Target{URL: *accountURL, Source: tenant.LevelAccount, Headers: []tenant.SourcedHeader{
				modelstest.SourcedHeader("AUTHORIZATION", "project", tenant.LevelProject),
				modelstest.SourcedHeader("X-Account", "a", tenant.LevelAccount),
				modelstest.SourcedHeader("X-Project", "p", tenant.LevelProject),
			}},
		},
		"what cannot be read of either is not sent without": {
			account: models.Endpoint{URL: accountURL}, project: models.Endpoint{Unreadable: errUnreadable},
			want: tenant.Target{
				URL: *accountURL, Source: tenant.LevelAccount, Headers: []tenant.SourcedHeader{}, Unreadable: errUnreadable,
			},
		},
		"but where the account's go nowhere, it is": {
			account: models.Endpoint{URL: accountURL, Unreadable: errUnreadable}, project: models.Endpoint{URL: projectURL},
			want: tenant.Target{URL: *projectURL, Source: tenant.LevelProject, Headers: []tenant.SourcedHeader{}},
		},
		"the account alone": {
			account: models.Endpoint{URL: accountURL, Headers: accountHeaders},
			want: tenant.Target{URL: *accountURL, Source: tenant.LevelAccount, Headers: []tenant.SourcedHeader{
				modelstest.SourcedHeader("Authorization", "account", tenant.LevelAccount),
				modelstest.SourcedHeader("X-Account", "a", tenant.LevelAccount),
			}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := tenant.EffectiveTarget(test.account, test.project)
			if diff := cmp.Diff(test.want, got, modelstest.SecretsByText, cmpopts.EquateErrors()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// endpoints draws a level's configuration whose header values name the level.
func endpoints(level string) *rapid.Generator[models.Endpoint] {
	return rapid.Custom(func(t *rapid.T) models.Endpoint {
		var e models.Endpoint
		if rapid.Bool().Draw(t, level+" has a URL") {
			e.URL = new("https://" + level + ".example/")
		}
		names := rapid.SliceOfNDistinct(
			rapid.SampledFrom([]string{"a", "A", "b", "B", "c", "C", "d", "D"}), 0, 4, strings.ToLower).Draw(t, level+" headers")
		for _, name := range names {
			e.Headers = append(e.Headers, models.Header{Key: name, Value: models.Secret(level)})
		}
		return e
	})
}

func TestNoAccountHeaderEverAccompaniesAProjectURL(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		account, project := endpoints("account").Draw(t, "account"), endpoints("project").Draw(t, "project")
		got := tenant.EffectiveTarget(account, project)
		if got.URL != "https://project.example/" {
			return
		}
		if len(got.Headers) != len(project.Headers) {
			t.Fatalf("got %d headers, the project has %d", len(got.Headers), len(project.Headers))
		}
		for _, h := range got.Headers {
			if h.Source != tenant.LevelProject || h.Value.Reveal() != "project" {
				t.Fatalf("the account's %s goes to the project's URL", h.Key)
			}
		}
	})
}

func TestAccountURLHasTheUnionWithTheProjectLaidOver(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		account, project := endpoints("account").Draw(t, "account"), endpoints("project").Draw(t, "project")
		account.URL, project.URL = new("https://account.example/"), nil
		want := map[string]string{}
		for _, h := range append(account.Headers, project.Headers...) {
			want[strings.ToLower(h.Key)] = h.Value.Reveal()
		}
		target := tenant.EffectiveTarget(account, project)
		got := map[string]string{}
		for _, h := range target.Headers {
			got[strings.ToLower(h.Key)] = h.Value.Reveal()
			if source := tenant.Level(strings.ToUpper(h.Value.Reveal())); h.Source != source {
				t.Fatalf("%s comes from %s, but says %s", h.Key, source, h.Source)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		if len(target.Headers) != len(got) {
			t.Fatalf("a name is there twice: %v", target.Headers)
		}
	})
}

func TestEffectiveTargetLeavesTheConfigurationAlone(t *testing.T) {
	t.Parallel()
	account := models.Endpoint{
		URL: new("https://account.example/"), Headers: []models.Header{{Key: "A", Value: "account"}},
	}
	project := models.Endpoint{Headers: []models.Header{{Key: "a", Value: "project"}}}
	tenant.EffectiveTarget(account, project)
	if account.Headers[0].Value.Reveal() != "account" {
		t.Error("laying the project's headers over changed the account's")
	}
}
