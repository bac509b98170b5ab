package main

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
)

// logIn opens a login link as the console does, and returns who is in.
func (s *instance) logIn(t *testing.T, link string) (username string) {
	t.Helper()
	token, err := s.redeem(t, link)
	if err != nil {
		t.Fatalf("%s opens nothing: %v", link, err)
	}
	return s.whoIs(t, token)
}

func (s *instance) redeem(t *testing.T, link string) (token string, err error) {
	t.Helper()
	_, code, _ := strings.Cut(link, "#code=")
	data, err := try[struct{ CreateSessionUsingLoginCode struct{ Token string } }](t, s, nil,
		`mutation($c: String!) { createSessionUsingLoginCode(input: {code: $c}) { token } }`, anyMap{"c": code})
	return data.CreateSessionUsingLoginCode.Token, err
}

func (s *instance) whoIs(t *testing.T, token string) (username string) {
	t.Helper()
	return ask[struct{ Me struct{ Username string } }](
		t, s, http.Header{"X-Auth-Token": {token}}, `{ me { username } }`, nil).Me.Username
}

// mustPrint runs a command that must succeed, with the server's environment, and returns what it prints.
func (s *instance) mustPrint(t *testing.T, args ...string) string {
	t.Helper()
	status, stdout, stderr := runCommand(t, list(s.env), args...)
	if status != exitOK {
		t.Fatalf("%v: exit status %d: %s", args, status, stderr)
	}
	return strings.TrimSuffix(stdout, "\n")
}

const linkPattern = `(http://\S+/console#code=rbl_\S+)`

func TestEveryStartOnTheEmbeddedDefaultPrintsALoginLinkOfItsOwn(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{env: embedded(vars{"RINGBACK_PUBLIC_URL": "https://ringback.example/base/"})})
	first := find(t, s.stdout.String(), `(https://ringback.example/base/console#code=rbl_\S+)`)
	if got := strings.Count(s.stdout.String(), "#code="); got != 1 {
		t.Errorf("it prints %d links:\n%s", got, s.stdout)
	}
	s.stop(t)
	s = s.startAgain(t, vars{"RINGBACK_PUBLIC_URL": ""})
	second := find(t, s.stdout.String(), linkPattern)
	if !strings.HasPrefix(second, s.base+"/") {
		t.Errorf("%s does not lead to %s", second, s.base)
	}
	for _, link := range []string{second, first} { // the first one has not been used
		if got := s.logIn(t, link); got != "demo@example.com" {
			t.Errorf("it logs %s in", got)
		}
		if _, err := s.redeem(t, link); err == nil || !strings.Contains(err.Error(), string(models.CodeIncorrectLoginCode)) {
			t.Errorf("a second time: %v", err)
		}
	}
	if strings.Contains(s.stderr.String(), "rbl_") {
		t.Errorf("the log has a code: %s", s.stderr)
	}
}

func TestOperatorLogsInAsAnybodyBesideARunningServer(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	for _, user := range []string{"demo@example.com", "123123", models.ObjectID{Type: "User", Raw: demoUserID}.String()} {
		if got := s.whoIs(t, s.mustPrint(t, "token", "--user", user)); got != "demo@example.com" {
			t.Errorf("the token of %s is %s's", user, got)
		}
		if got := s.logIn(t, s.mustPrint(t, "login-link", "--user", user)); got != "demo@example.com" {
			t.Errorf("the link of %s logs %s in", user, got)
		}
	}
	s.stop(t)
	token := s.mustPrint(t, "token", "--user", "123123", "--name", "while it is off")
	if got := s.startAgain(t, nil).whoIs(t, token); got != "demo@example.com" {
		t.Errorf("the token that was made while no server ran is %s's", got)
	}
}

func TestOperatorIsToldOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	fresh := embedded(vars{"RINGBACK_DATA_DIR": t.TempDir() + "/none"})
	for name, c := range map[string]struct {
		env    vars
		args   []string
		status int
		says   string
	}{
		"no such user":      {s.env, []string{"token", "--user", "nobody@example.com"}, exitFailed, "no user nobody@example.com"},
		"no such id":        {s.env, []string{"login-link", "--user", "99"}, exitFailed, "no user 99"},
		"another's id":      {s.env, []string{"token", "--user", "TjAwNlByb2plY3QxMjM"}, exitFailed, "type User, not Project"},
		"no id":             {s.env, []string{"token", "--user", "?"}, exitFailed, "must be an email address or the id"},
		"an empty name":     {s.env, []string{"token", "--user", "123123", "--name", ""}, exitFailed, "--name"},
		"no flag":           {s.env, []string{"token"}, exitUsage, "--user"},
		"nothing there yet": {fresh, []string{"login-link", "--user", "1"}, exitFailed, "nothing has started in"},
	} {
		status, stdout, stderr := runCommand(t, list(c.env), c.args...)
		if status != c.status || stdout != "" || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit status %d: %s%s", name, status, stdout, stderr)
		}
	}
	if _, err := os.Stat(fresh["RINGBACK_DATA_DIR"]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a data folder was made: %v", err)
	}
}
