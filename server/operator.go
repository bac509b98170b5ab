package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/domain"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/tenant"
)

// operator does for whoever runs Ringback what no door of the API leads to: who can start the program on the database
// may log in as anybody. It works beside running servers.
type operator struct {
	*app
	out io.Writer
}

// operate opens the database and hands it to a command, which has openTimeout for all that it does.
func operate(e *environment, cfg config, do func(context.Context, *operator) error) (err error) {
	a := &app{cfg: cfg, log: newLogger(cfg.LogFormat, e.stderr)}
	if a.store, err = openStore(cfg, a.log); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.store.Close()) }()
	if cfg.embedded() { // it migrates by itself, which takes as long as it takes
		if _, err := a.store.Migrate(e.ctx); err != nil {
			return err
		}
	}
	return withinOpenTimeout(e.ctx, func(ctx context.Context) error {
		if err := a.checkStore(ctx); err != nil {
			return err
		}
		if err := a.readClock(ctx); err != nil {
			return err
		}
		return do(ctx, &operator{app: a, out: e.stdout})
	})
}

// tenants are the use-cases within a transaction.
func (a *app) tenants(tx *store.Store) (*tenant.Service, *tenant.Access) {
	return domain.Tenants(tx, a.domainRules(nil), a.clock.Now, a.log)
}

// printFor prints a line for the user whom the flag --user names, alone, for a shell to take.
func printFor(
	e *environment, user string, line func(context.Context, *operator, *tenant.Access, int64) (string, error),
) error {
	cfg, err := parseConfig(e.env)
	if err != nil {
		return err
	}
	if err := mustBeThere(cfg); err != nil {
		return err
	}
	return operate(e, cfg, func(ctx context.Context, o *operator) error {
		_, access := o.tenants(o.store)
		found, err := access.FindUser(ctx, models.PlatformActor(), user)
		if models.ErrorCode(err) == models.CodeNotFound {
			return fmt.Errorf("--user: there is no user %s", user)
		}
		if err != nil {
			return fmt.Errorf("--user: %w", err)
		}
		text, err := line(ctx, o, access, found.ID)
		if err == nil {
			fmt.Fprintln(o.out, text)
		}
		return err
	})
}

type tokenCommand struct {
	User string `required:"" help:"The user's email address or id."`
	Name string `default:"token command" help:"The session's name, for people."`
}

// Run prints the token.
func (c tokenCommand) Run(e *environment) error {
	if err := models.CheckName("--name", c.Name); err != nil {
		return err
	}
	return printFor(e, c.User, func(ctx context.Context, _ *operator, access *tenant.Access, userID int64) (string, error) {
		session, err := access.StartSession(ctx, userID, &c.Name)
		if err != nil {
			return "", err
		}
		return session.Token.Reveal(), nil
	})
}

type loginLinkCommand struct {
	User string `required:"" help:"The user's email address or id."`
}

// Run prints the link.
func (c loginLinkCommand) Run(e *environment) error {
	return printFor(e, c.User, func(ctx context.Context, o *operator, access *tenant.Access, userID int64) (string, error) {
		return loginLink(ctx, access, userID, o.base())
	})
}

// base is where a server with the same configuration is found.
func (o *operator) base() string { return cmp.Or(o.cfg.PublicURL, "http://"+o.cfg.Addr) }

// loginLink makes a code and the link that logs its user in. The code stands in the fragment, which no browser sends:
// it gets into nobody's access log.
func loginLink(ctx context.Context, access *tenant.Access, userID int64, base string) (string, error) {
	code, err := access.CreateLoginCode(ctx, userID)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(base, "/") + "/console#code=" + code.Code.Reveal(), nil
}

// mustBeThere refuses to look for users in a data folder that nobody has started in: it would be made.
func mustBeThere(cfg config) error {
	if !cfg.embedded() {
		return nil
	}
	if _, err := os.Stat(filepath.Join(cfg.DataDir, databaseFile)); err != nil {
		return fmt.Errorf("RINGBACK_DATA_DIR: nothing has started in %s yet: run the server, or the command bootstrap",
			cfg.DataDir)
	}
	return nil
}
