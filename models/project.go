package models

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Project is a site of an account that is crawled.
type Project struct {
	ID            int64
	AccountID     int64
	Name          string
	PrimaryDomain string
	Callback      Endpoint
	CreatedAt     time.Time
	UpdatedAt     time.Time
	// DeletedAt is set on a deleted project. It is out of every caller's sight, but callbacks that were accepted
	// before are still delivered, with its configuration as it was.
	DeletedAt *time.Time
}

// ObjectID returns the project's global id.
func (p *Project) ObjectID() ObjectID { return ObjectID{TypeProject, p.ID} }

// RawID returns the project's number as text.
func (p *Project) RawID() string { return RawIDText(p.ID) }

// projectNamespace is that of the UUIDs of projects.
var projectNamespace = uuid.MustParse("6f1d3c52-5a0e-4b7e-9a64-3d0c1f2b8e47")

// ProjectUID names a project where callers know workspaces by UUIDs: always the same one for the same project.
func ProjectUID(projectID int64) uuid.UUID {
	return uuid.NewSHA1(projectNamespace, []byte(RawIDText(projectID)))
}

// APICallbackURL is where callbacks go, as far as this level says it.
func (p *Project) APICallbackURL() *string { return p.Callback.URL }

// ProjectStore keeps projects. Deleted ones are found by no method with a Scope.
type ProjectStore interface {
	// Owners returns projects and their accounts by project, also when a project is deleted.
	Owners(ctx context.Context, projectIDs ...int64) (map[int64]Owners, error)
	Projects(ctx context.Context, scope Scope, ids ...int64) ([]*Project, error)
	LockProject(ctx context.Context, scope Scope, id int64) (*Project, error)
	// ProjectPages returns a page for each of the accounts, newest first, in one statement.
	ProjectPages(ctx context.Context, scope Scope, accountIDs []int64, page Page) (map[int64]*PageOf[*Project], error)
	CountProjects(ctx context.Context, scope Scope, accountIDs []int64) (map[int64]int, error)
	// CountLiveProjects counts up to a limit.
	CountLiveProjects(ctx context.Context, accountID int64, limit int) (int, error)
	// CreateProject sets the ID unless it is given; a given one that is taken is a CONFLICT on rawID.
	CreateProject(ctx context.Context, p *Project) error
	UpdateProject(ctx context.Context, scope Scope, p *Project) error
}

// NewProject is the input of CreateProject. RawID is for the platform only; 0 lets the database choose.
type NewProject struct {
	AccountID     int64
	Name          string
	PrimaryDomain string
	RawID         int64
	Callback      EndpointUpdate
}

// CreateProject makes a project and its first signing secret. Editor and up. LIMIT_REACHED where the account may have no more.
func (s *Service) CreateProject(ctx context.Context, actor *Actor, in NewProject) (*Project, error) {
	at := s.now()
	p := &Project{ID: in.RawID, AccountID: in.AccountID, CreatedAt: at, UpdatedAt: at}
	err := s.store.InTx(ctx, func(tx Store) error {
		if _, err := One(tx.Accounts(ctx, actor.Scope(RoleViewer), in.AccountID))(TypeAccount); err != nil {
			return err
		}
		if err := actor.RequireRole(in.AccountID, RoleEditor); err != nil {
			return err
		}
		if in.RawID != 0 && !actor.Platform {
			return forbidden("only the platform's service key may choose the rawID")
		}
		err := firstError(
			checkNewID("rawID", in.RawID),
			assignName(&p.Name, "name", Given(&in.Name)),
			assignText(&p.PrimaryDomain, "primaryDomain", Given(&in.PrimaryDomain), maxDomainLength),
			p.Callback.Apply(in.Callback, fieldCallbackURL, fieldCallbackHeaders),
		)
		if err != nil {
			return err
		}
		if err := s.allowProject(ctx, tx, actor.Scope(RoleViewer), in.AccountID); err != nil {
			return err
		}
		if err := tx.CreateProject(ctx, p); err != nil {
			return err
		}
		return tx.CreateSigningSecret(ctx, newSigningSecret(SigningOwner{ProjectID: p.ID}, at))
	})
	return p, err
}

// ProjectUpdate is the input of UpdateProject.
type ProjectUpdate struct {
	ProjectID     int64
	Name          Optional[*string]
	PrimaryDomain Optional[*string]
	Callback      EndpointUpdate
}

// UpdateProject changes what is given. Editor and up.
func (s *Service) UpdateProject(ctx context.Context, actor *Actor, in ProjectUpdate) (*Project, error) {
	return s.changeProject(ctx, actor, in.ProjectID, RoleEditor, func(p *Project) error {
		return firstError(
			assignName(&p.Name, "name", in.Name),
			assignText(&p.PrimaryDomain, "primaryDomain", in.PrimaryDomain, maxDomainLength),
			p.Callback.Apply(in.Callback, fieldCallbackURL, fieldCallbackHeaders),
		)
	})
}

// DeleteProject takes a project out of sight. Admin only. Callbacks that were accepted before are still delivered.
func (s *Service) DeleteProject(ctx context.Context, actor *Actor, projectID int64) (*Project, error) {
	return s.changeProject(ctx, actor, projectID, RoleAdmin, func(p *Project) error {
		at := s.now()
		p.DeletedAt = &at
		return nil
	})
}

func (s *Service) changeProject(ctx context.Context, actor *Actor, id int64, least Role, change func(*Project) error) (*Project, error) {
	var p *Project
	err := s.store.InTx(ctx, func(tx Store) (err error) {
		if p, err = tx.LockProject(ctx, actor.Scope(RoleViewer), id); err != nil {
			return err
		}
		if err := actor.RequireProjectRole(p.AccountID, p.ID, least); err != nil {
			return err
		}
		if err := change(p); err != nil {
			return err
		}
		p.UpdatedAt = s.now()
		return tx.UpdateProject(ctx, actor.Scope(least), p)
	})
	return p, err
}

// Project returns one project that the actor may see.
func (s *Service) Project(ctx context.Context, actor *Actor, id int64) (*Project, error) {
	return One(s.Projects(ctx, actor, id))(TypeProject)
}

// Projects returns those of the given projects that the actor may see, in no order.
func (s *Service) Projects(ctx context.Context, actor *Actor, ids ...int64) ([]*Project, error) {
	return s.store.Projects(ctx, actor.Scope(RoleViewer), ids...)
}

// ProjectPages lists the projects of each account, newest first.
func (s *Service) ProjectPages(ctx context.Context, actor *Actor, accountIDs []int64, page Page) (map[int64]*PageOf[*Project], error) {
	return s.store.ProjectPages(ctx, actor.Scope(RoleViewer), accountIDs, page)
}

// CountProjects counts what ProjectPages lists.
func (s *Service) CountProjects(ctx context.Context, actor *Actor, accountIDs []int64) (map[int64]int, error) {
	return s.store.CountProjects(ctx, actor.Scope(RoleViewer), accountIDs)
}
