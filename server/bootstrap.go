package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/tenant"
)

type bootstrapCommand struct {
	Account string  `required:"" help:"The account's name."`
	Email   string  `required:"" help:"The email address of its first user, an Admin."`
	Project *string `and:"project" help:"Also a project of this name."`
	Domain  *string `and:"project" help:"The project's primary domain, such as https://www.example.com/."`
}

// firstTenant is what bootstrap makes, or finds as it has made it before.
type firstTenant struct {
	account *tenant.Account
	user    *tenant.User
	project *tenant.Project // nil: none was asked for
	// platformKey is set where the embedded default had none yet.
	platformKey models.Secret
}

// Run makes an account, its Admin and a project in one transaction, and prints their ids and a link to log in. What is
// there by these names is taken as it is, so that it can be run again.
func (c bootstrapCommand) Run(e *environment) error {
	problems := []error{models.CheckName("--account", c.Account), tenant.CheckEmail("--email", c.Email)}
	if c.Project != nil {
		problems = append(
			problems, models.CheckName("--project", *c.Project), tenant.CheckPrimaryDomain("--domain", *c.Domain),
		)
	}
	if err := models.AllProblems(problems...); err != nil {
		return err
	}
	cfg, err := parseConfig(e.env)
	if err != nil {
		return err
	}
	return operate(e, cfg, func(ctx context.Context, o *operator) error {
		made, err := c.make(ctx, o)
		if models.ErrorCode(err) == models.CodeConflict { // another one has just made them
			made, err = c.make(ctx, o)
		}
		if err != nil {
			return err
		}
		_, access := o.tenants(o.store)
		link, err := loginLink(ctx, access, made.user.ID, o.base())
		if err == nil {
			made.print(o, link)
		}
		return err
	})
}

func (c bootstrapCommand) make(ctx context.Context, o *operator) (made firstTenant, err error) {
	err = o.store.Transaction(ctx, func(tx *store.Store) (err error) {
		made = firstTenant{}
		tenants, access := o.tenants(tx)
		if made.user, err = access.FindUser(ctx, models.PlatformActor(), c.Email); err == nil {
			made.account, err = c.accountOf(ctx, tx, made.user)
		} else if models.ErrorCode(err) == models.CodeNotFound {
			err = c.makeUser(ctx, tenants, access, &made)
		}
		if err == nil && c.Project != nil {
			made.project, err = c.projectOf(ctx, tenants, made.account)
		}
		if err == nil {
			made.platformKey, err = o.newPlatformKey(ctx, tx)
		}
		return err
	})
	return made, err
}

func (c bootstrapCommand) makeUser(
	ctx context.Context, tenants *tenant.Service, access *tenant.Access, made *firstTenant,
) (err error) {
	platform := models.PlatformActor()
	if made.account, err = tenants.CreateAccount(ctx, platform, tenant.NewAccount{Name: c.Account}); err != nil {
		return err
	}
	made.user, err = access.CreateUser(ctx, platform, tenant.NewUser{
		Email: c.Email, Accounts: []tenant.Membership{{AccountID: made.account.ID, Role: models.RoleAdmin}},
	})
	return err
}

// accountOf finds the account among those of a user, by its name: names are not unique over all.
func (c bootstrapCommand) accountOf(ctx context.Context, tx *store.Store, user *tenant.User) (*tenant.Account, error) {
	memberships, err := tx.Memberships(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	var admin []int64
	for _, m := range memberships {
		if m.Role == models.RoleAdmin {
			admin = append(admin, m.AccountID)
		}
	}
	accounts, err := tx.Accounts(ctx, models.PlatformActor().Scope(models.RoleViewer), admin...)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(accounts, func(a, b *tenant.Account) int { return cmp.Compare(a.ID, b.ID) })
	for _, account := range accounts {
		if account.Name == c.Account { // locked: of two commands at once one makes the project
			return tx.LockAccount(ctx, models.PlatformActor().Scope(models.RoleViewer), account.ID)
		}
	}
	return nil, fmt.Errorf("--email: %s is a user already, and Admin of no account with the name %s", c.Email, c.Account)
}

// projectOf finds the newest project of that name, or makes one.
func (c bootstrapCommand) projectOf(
	ctx context.Context, tenants *tenant.Service, account *tenant.Account,
) (*tenant.Project, error) {
	platform := models.PlatformActor()
	page := models.Page{First: models.MaxPageSize}
	for {
		pages, err := tenants.ProjectPages(ctx, platform, []int64{account.ID}, page)
		if err != nil {
			return nil, err
		}
		found := pages[account.ID]
		for _, project := range found.Nodes {
			if project.Name == *c.Project {
				return project, nil
			}
		}
		if !found.HasNext {
			return tenants.CreateProject(ctx, platform, tenant.NewProject{
				AccountID: account.ID, Name: *c.Project, PrimaryDomain: *c.Domain,
			})
		}
		page.After = new(found.Nodes[len(found.Nodes)-1].ListCursor())
	}
}

// newPlatformKey makes the key of the embedded default where there is none: then no start makes it with the demo tenant
// any more, which whoever has a tenant does not need.
func (o *operator) newPlatformKey(ctx context.Context, tx *store.Store) (models.Secret, error) {
	if !o.cfg.embedded() {
		return "", nil
	}
	stored, err := tx.PlatformKeyHash(ctx)
	if err != nil || stored != nil {
		return "", err
	}
	return o.setPlatformKey(ctx, tx)
}

func (t firstTenant) print(o *operator, link string) {
	fmt.Fprintf(o.out, "Account  %d  %s\nUser     %d  %s, Admin\n", t.account.ID, t.account.Name, t.user.ID, t.user.Email)
	if t.project != nil {
		fmt.Fprintf(o.out, "Project  %d  %s, %s\n", t.project.ID, t.project.Name, t.project.PrimaryDomain)
	}
	key := "that of RINGBACK_PLATFORM_KEY"
	switch {
	case t.platformKey != "":
		key = t.platformKey.Reveal() + "  (says which crawls have finished; shown this once)"
	case o.cfg.PlatformKey == "" && o.cfg.embedded():
		key = "printed when it was made; a start with RINGBACK_PLATFORM_KEY set has that"
	case o.cfg.PlatformKey == "":
		key = "none: set RINGBACK_PLATFORM_KEY for the servers, or nobody can say which crawls have finished"
	}
	fmt.Fprintf(o.out, `
Platform key  %s
Log in        %s
              (once, within 10 minutes; run this again for another)
`, key, link)
}
