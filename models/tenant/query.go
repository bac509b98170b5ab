package tenant

import (
	"cmp"
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

// Reader is the database as those read it who may see what tenants have. Deleted projects, and their keys, are
// found by no method.
type Reader interface {
	Accounts(ctx context.Context, scope models.Scope, ids ...int64) ([]*Account, error)
	AccountPage(ctx context.Context, scope models.Scope, page models.Page) (*models.PageOf[*Account], error)
	CountAccounts(ctx context.Context, scope models.Scope) (int, error)
	// SSOClientAccountPages returns a page for each of the SSO clients, newest first, in one statement.
	SSOClientAccountPages(
		ctx context.Context, scope models.Scope, ssoClientIDs []int64, page models.Page,
	) (map[int64]*models.PageOf[*Account], error)
	CountSSOClientAccounts(ctx context.Context, scope models.Scope, ssoClientIDs []int64) (map[int64]int, error)

	Projects(ctx context.Context, scope models.Scope, ids ...int64) ([]*Project, error)
	// ProjectPages returns a page for each of the accounts, newest first, in one statement.
	ProjectPages(
		ctx context.Context, scope models.Scope, accountIDs []int64, page models.Page,
	) (map[int64]*models.PageOf[*Project], error)
	CountProjects(ctx context.Context, scope models.Scope, accountIDs []int64) (map[int64]int, error)
	// ProjectKeys returns the keys of the given projects, newest first.
	ProjectKeys(ctx context.Context, scope models.Scope, projectIDs ...int64) ([]*ProjectKey, error)

	// AccountUserPages returns a page for each of the accounts, in the order of the users' ids, in one statement.
	AccountUserPages(
		ctx context.Context, scope models.Scope, accountIDs []int64, page models.Page,
	) (map[int64]*models.PageOf[*AccountUser], error)
	CountAccountUsers(ctx context.Context, scope models.Scope, accountIDs []int64) (map[int64]int, error)

	// Users know no Scope: a caller reaches one only through an entity that it may see.
	Users(ctx context.Context, ids ...int64) ([]*User, error)
	UserPage(ctx context.Context, page models.Page) (*models.PageOf[*User], error)
	CountUsers(ctx context.Context) (int, error)
	// RolePages returns a page for each of the users, in the order of the accounts' ids, in one statement.
	RolePages(ctx context.Context, userIDs []int64, page models.Page) (map[int64]*models.PageOf[*AccountRole], error)
	CountRoles(ctx context.Context, userIDs []int64) (map[int64]int, error)

	VisibleSSOClients(ctx context.Context, scope models.Scope, ids ...int64) ([]*SSOClient, error)
	SSOClientPage(ctx context.Context, scope models.Scope, page models.Page) (*models.PageOf[*SSOClient], error)
	CountSSOClients(ctx context.Context, scope models.Scope) (int, error)
	// SSOClientKeys returns the keys of the given SSO clients, newest first.
	SSOClientKeys(ctx context.Context, scope models.Scope, ssoClientIDs ...int64) ([]*SSOClientKey, error)
	SecretsTx
}

// Queries read what an actor may see of tenants.
type Queries struct {
	store Reader
	now   func() time.Time
}

// NewQueries returns those of a database, whose clock shows now.
func NewQueries(store Reader, now func() time.Time) Queries {
	return Queries{store, now}
}

// Account returns one account that the actor may see.
func (q Queries) Account(ctx context.Context, actor *models.Actor, id int64) (*Account, error) {
	return models.One(q.Accounts(ctx, actor, id))(TypeAccount)
}

// Accounts returns those of the given accounts that the actor may see, in no order.
func (q Queries) Accounts(ctx context.Context, actor *models.Actor, ids ...int64) ([]*Account, error) {
	return q.store.Accounts(ctx, actor.Scope(models.RoleViewer), ids...)
}

// AccountPage lists the accounts that the actor may see, newest first.
func (q Queries) AccountPage(
	ctx context.Context, actor *models.Actor, page models.Page,
) (*models.PageOf[*Account], error) {
	return q.store.AccountPage(ctx, actor.Scope(models.RoleViewer), page)
}

// CountAccounts counts the accounts that the actor may see.
func (q Queries) CountAccounts(ctx context.Context, actor *models.Actor) (int, error) {
	return q.store.CountAccounts(ctx, actor.Scope(models.RoleViewer))
}

// Project returns one project that the actor may see.
func (q Queries) Project(ctx context.Context, actor *models.Actor, id int64) (*Project, error) {
	return models.One(q.Projects(ctx, actor, id))(TypeProject)
}

// Projects returns those of the given projects that the actor may see, in no order.
func (q Queries) Projects(ctx context.Context, actor *models.Actor, ids ...int64) ([]*Project, error) {
	return q.store.Projects(ctx, actor.Scope(models.RoleViewer), ids...)
}

// ProjectPages lists the projects of each account, newest first.
func (q Queries) ProjectPages(
	ctx context.Context, actor *models.Actor, accountIDs []int64, page models.Page,
) (map[int64]*models.PageOf[*Project], error) {
	return q.store.ProjectPages(ctx, actor.Scope(models.RoleViewer), accountIDs, page)
}

// CountProjects counts what ProjectPages lists.
func (q Queries) CountProjects(ctx context.Context, actor *models.Actor, accountIDs []int64) (map[int64]int, error) {
	return q.store.CountProjects(ctx, actor.Scope(models.RoleViewer), accountIDs)
}

// ProjectKeys returns the keys, newest first, of those of the given projects on which the actor is Admin.
func (q Queries) ProjectKeys(
	ctx context.Context, actor *models.Actor, projectIDs ...int64,
) (map[int64][]*ProjectKey, error) {
	keys, err := q.store.ProjectKeys(ctx, actor.Scope(models.RoleAdmin), projectIDs...)
	return models.Grouped(keys, func(k *ProjectKey) int64 { return k.ProjectID }), err
}

// ProjectSigningSecrets returns the secrets that sign now, newest first, of those of the given projects on which the
// actor is Admin.
func (q Queries) ProjectSigningSecrets(
	ctx context.Context, actor *models.Actor, projectIDs ...int64,
) (map[int64][]*SigningSecret, error) {
	projects, err := q.store.Projects(ctx, actor.Scope(models.RoleAdmin), projectIDs...)
	if err != nil {
		return nil, err
	}
	owners := make([]SigningOwner, len(projects))
	for i, p := range projects {
		owners[i] = SigningOwner{ProjectID: p.ID}
	}
	secrets, err := q.store.SigningSecrets(ctx, q.now(), owners...)
	byProject := make(map[int64][]*SigningSecret, len(secrets))
	for owner, list := range secrets {
		byProject[owner.ProjectID], err = list, cmp.Or(err, FirstUnreadable(list))
	}
	return byProject, err
}

// AccountUserPages lists who has a role on each of those accounts on which the actor is Admin.
func (q Queries) AccountUserPages(
	ctx context.Context, actor *models.Actor, accountIDs []int64, page models.Page,
) (map[int64]*models.PageOf[*AccountUser], error) {
	return q.store.AccountUserPages(ctx, actor.Scope(models.RoleAdmin), accountIDs, page)
}

// CountAccountUsers counts what AccountUserPages lists.
func (q Queries) CountAccountUsers(
	ctx context.Context, actor *models.Actor, accountIDs []int64,
) (map[int64]int, error) {
	return q.store.CountAccountUsers(ctx, actor.Scope(models.RoleAdmin), accountIDs)
}

// SSOClients returns those of the given SSO clients that the actor may see, in no order: the platform all, a partner its
// own.
func (q Queries) SSOClients(ctx context.Context, actor *models.Actor, ids ...int64) ([]*SSOClient, error) {
	return q.store.VisibleSSOClients(ctx, actor.Scope(models.RoleViewer), ids...)
}

// SSOClient returns one SSO client that the actor may see.
func (q Queries) SSOClient(ctx context.Context, actor *models.Actor, id int64) (*SSOClient, error) {
	return models.One(q.SSOClients(ctx, actor, id))(TypeSSOClient)
}

// SSOClientPage lists the SSO clients that the actor may see, newest first. For the platform and partners.
func (q Queries) SSOClientPage(
	ctx context.Context, actor *models.Actor, page models.Page,
) (*models.PageOf[*SSOClient], error) {
	if err := actor.RequirePartner(); err != nil {
		return nil, err
	}
	return q.store.SSOClientPage(ctx, actor.Scope(models.RoleViewer), page)
}

// CountSSOClients counts what SSOClientPage lists.
func (q Queries) CountSSOClients(ctx context.Context, actor *models.Actor) (int, error) {
	if err := actor.RequirePartner(); err != nil {
		return 0, err
	}
	return q.store.CountSSOClients(ctx, actor.Scope(models.RoleViewer))
}

// SSOClientAccountPages lists the accounts of each SSO client, newest first.
func (q Queries) SSOClientAccountPages(
	ctx context.Context, actor *models.Actor, ids []int64, page models.Page,
) (map[int64]*models.PageOf[*Account], error) {
	return q.store.SSOClientAccountPages(ctx, actor.Scope(models.RoleViewer), ids, page)
}

// CountSSOClientAccounts counts what SSOClientAccountPages lists.
func (q Queries) CountSSOClientAccounts(
	ctx context.Context, actor *models.Actor, ids []int64,
) (map[int64]int, error) {
	return q.store.CountSSOClientAccounts(ctx, actor.Scope(models.RoleViewer), ids)
}

// SSOClientKeys returns the keys, newest first, of those of the given SSO clients that the actor may see.
func (q Queries) SSOClientKeys(
	ctx context.Context, actor *models.Actor, ids ...int64,
) (map[int64][]*SSOClientKey, error) {
	keys, err := q.store.SSOClientKeys(ctx, actor.Scope(models.RoleViewer), ids...)
	return models.Grouped(keys, func(k *SSOClientKey) int64 { return k.SSOClientID }), err
}

// SSOClientSigningSecrets returns the secrets that sign an SSO client's notices now, newest first. Editor and up of it.
func (q Queries) SSOClientSigningSecrets(ctx context.Context, actor *models.Actor, id int64) ([]*SigningSecret, error) {
	if err := actor.RequireSSOClientRole(id, models.RoleEditor); err != nil {
		return nil, err
	}
	owner := SigningOwner{SSOClientID: id}
	secrets, err := q.store.SigningSecrets(ctx, q.now(), owner)
	return secrets[owner], cmp.Or(err, FirstUnreadable(secrets[owner]))
}

// Makers finds users by id, in no order. It is for fields of entities that the actor may see (a crawl's creator). A partner
// sees nobody: they are its customers' people.
func (q Queries) Makers(ctx context.Context, actor *models.Actor, ids ...int64) ([]*User, error) {
	if actor.PartnerID() != 0 {
		return nil, nil
	}
	return q.store.Users(ctx, ids...)
}
