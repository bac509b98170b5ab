package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ringback/ringback/models/modelstest"
)

func bootstrap(more ...string) []string {
	return append([]string{"bootstrap", "--account", "Acme", "--email", "ada@example.com"}, more...)
}

// bootstrapped are the lines with the ids, and the link.
func bootstrapped(t *testing.T, out string) (ids, link string) {
	t.Helper()
	return find(t, out, `(?s)(Account .*)\n\nPlatform key`), find(t, out, `(http\S+/console#code=rbl_\S+)`)
}

func TestBootstrapMakesTheFirstTenantOnce(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	env["RINGBACK_PUBLIC_URL"] = "http://ringback.example"
	s := &instance{env: env}
	args := bootstrap("--project", "Shop", "--domain", "https://shop.example/")
	out := s.mustPrint(t, args...)
	ids, _ := bootstrapped(t, out)
	key := env["RINGBACK_PLATFORM_KEY"]
	if key == "" {
		key = find(t, out, `Platform key +(rbp_\S+)`)
	} else if strings.Contains(out, key) {
		t.Errorf("it prints the environment's key:\n%s", out)
	}
	again := s.mustPrint(t, args...)
	sameIDs, link := bootstrapped(t, again)
	if sameIDs != ids || strings.Contains(again, "rbp_") {
		t.Errorf("the second time it prints\n%s\nafter\n%s", again, out)
	}

	s = start(t, options{}, env)
	if strings.Contains(s.stdout.String(), "demo") {
		t.Errorf("there is a demo tenant besides:\n%s", s.stdout)
	}
	token, err := s.redeem(t, link)
	if err != nil {
		t.Fatal(err)
	}
	type project struct{ RawID, Name, PrimaryDomain string }
	me := ask[struct {
		Me struct {
			RawID    string
			Accounts struct {
				Nodes []struct {
					RawID, Name string
					Projects    struct{ Nodes []project }
				}
			}
		}
	}](t, s, http.Header{"X-Auth-Token": {token}},
		`{ me { rawID accounts { nodes { rawID name projects { nodes { rawID name primaryDomain } } } } } }`, nil).Me
	if len(me.Accounts.Nodes) != 1 || len(me.Accounts.Nodes[0].Projects.Nodes) != 1 {
		t.Fatalf("its user has %+v", me)
	}
	account := me.Accounts.Nodes[0]
	shop := account.Projects.Nodes[0]
	for _, want := range []string{
		"Account  " + account.RawID + "  Acme", "User     " + me.RawID + "  ada@example.com, Admin",
		"Project  " + shop.RawID + "  Shop, https://shop.example/",
	} {
		if !strings.Contains(ids, want) {
			t.Errorf("no %q in:\n%s", want, ids)
		}
	}
	s.token, s.key = token, key // Admin and platform
	s.endCrawl(t, anyMap{"crawlId": newCrawlID(), "projectId": shop.RawID})
	ask[any](t, s, s.user(), `mutation($id: ObjectID!) { updateAccount(input: {accountId: $id, timezone: "UTC"}) { account { id } } }`,
		anyMap{"id": account.RawID})
	if _, link := bootstrapped(t, s.mustPrint(t, args...)); s.logIn(t, link) != "ada@example.com" {
		t.Error("beside the server it is another")
	}
}

func TestBootstrapsAtOnceMakeOneTenant(t *testing.T) {
	t.Parallel()
	s := &instance{env: newEnv(t)}
	outs := make([]string, 4)
	modelstest.AtOnce(len(outs), func(i int) {
		status, stdout, stderr := runCommand(t, list(s.env), bootstrap()...)
		if outs[i] = stdout; status != exitOK {
			t.Errorf("exit status %d: %s", status, stderr)
		}
	})
	for _, out := range outs[1:] {
		if a, _ := bootstrapped(t, outs[0]); !strings.Contains(out, a) {
			t.Errorf("one prints\n%s\nand another\n%s", outs[0], out)
		}
	}
}

func TestBootstrapAddsAProjectLater(t *testing.T) {
	t.Parallel()
	s := &instance{env: newEnv(t)}
	ids, _ := bootstrapped(t, s.mustPrint(t, bootstrap()...))
	if strings.Contains(ids, "Project") {
		t.Errorf("nobody has asked for a project: %s", ids)
	}
	more, _ := bootstrapped(t, s.mustPrint(t, bootstrap("--project", "Shop", "--domain", "a.example")...))
	if !strings.HasPrefix(more, ids+"\nProject  ") {
		t.Errorf("after\n%s\nit prints\n%s", ids, more)
	}
}

func TestBootstrapSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	s := &instance{env: newEnv(t)}
	s.mustPrint(t, bootstrap()...)
	for name, c := range map[string]struct {
		args   []string
		status int
		says   []string
	}{
		"a project alone": {bootstrap("--project", "Shop"), exitUsage, []string{"--domain"}},
		"no account":      {[]string{"bootstrap", "--email", "a@example.com"}, exitUsage, []string{"--account"}},
		"all wrong": {
			[]string{"bootstrap", "--account", "", "--email", "x", "--project", "\n", "--domain", ""},
			exitFailed,
			[]string{"--account: ", "--email: must be a plain email address", "--project: ", "--domain: "},
		},
		"another account": {
			[]string{"bootstrap", "--account", "Other", "--email", "ada@example.com"},
			exitFailed,
			[]string{"--email: ada@example.com is a user already, and Admin of no account with the name Other"},
		},
	} {
		status, stdout, stderr := runCommand(t, list(s.env), c.args...)
		for _, want := range c.says {
			if status != c.status || stdout != "" || !strings.Contains(stderr, want) {
				t.Errorf("%s: exit status %d, no %q: %s%s", name, status, want, stdout, stderr)
			}
		}
	}
}
