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

// TypeProject stands in the ObjectIDs of projects.
const TypeProject = "Project"

// ObjectID returns the project's global id.
func (p *Project) ObjectID() ObjectID { return ObjectID{TypeProject, p.ID} }

// RawID returns the project's number as text.
func (p *Project) RawID() string { return RawIDText(p.ID) }

// ListCursor is the project's place in a list.
func (p *Project) ListCursor() Cursor { return Cursor{p.CreatedAt, p.ID} }

// maxDomainBytes: a primary domain may be a full URL, as the published examples have it.
const maxDomainBytes = 2048

// projectNamespace is that of the UUIDs of projects.
var projectNamespace = uuid.MustParse("6f1d3c52-5a0e-4b7e-9a64-3d0c1f2b8e47")

// ProjectUID names a project where callers know workspaces by UUIDs: always the same one for the same project.
func ProjectUID(projectID int64) uuid.UUID {
	return uuid.NewSHA1(projectNamespace, []byte(RawIDText(projectID)))
}

// APICallbackURL is where callbacks go, as far as this level says it.
func (p *Project) APICallbackURL() *string { return p.Callback.URL }

// NewProject is the input of CreateProject. RawID is for the platform only; 0 lets the database choose.
type NewProject struct {
	AccountID     int64
	Name          string
	PrimaryDomain string
	RawID         int64
	Callback      EndpointUpdate
}

// CreateProject makes a project and its first signing secret. Editor and up. LIMIT_REACHED where the account may have
// no more.
func (s *Tenants) CreateProject(ctx context.Context, actor *Actor, in NewProject) (*Project, error) {
	at := s.now()
	p := &Project{ID: in.RawID, AccountID: in.AccountID, CreatedAt: at, UpdatedAt: at}
	err := s.inTx(ctx, func(tx TenantStore) error {
		if _, err := One(tx.Accounts(ctx, actor.Scope(RoleViewer), in.AccountID))(TypeAccount); err != nil {
			return err
		}
		if err := actor.RequireRole(in.AccountID, RoleEditor); err != nil {
			return err
		}
		if in.RawID != 0 && !actor.Platform {
			return Forbidden("only the platform's service key may choose the rawID")
		}
		err := firstError(
			checkNewID("rawID", in.RawID),
			assignName(&p.Name, "name", Given(&in.Name)),
			assignText(&p.PrimaryDomain, "primaryDomain", Given(&in.PrimaryDomain), maxDomainBytes),
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

// allowProject tells whether an account may have one more project. Others that ask wait until the transaction has
// ended.
func (s *Tenants) allowProject(ctx context.Context, tx TenantStore, scope Scope, accountID int64) error {
	if s.maxProjects <= 0 {
		return nil
	}
	if _, err := tx.LockAccount(ctx, scope, accountID); err != nil {
		return err
	}
	has, err := tx.CountLiveProjects(ctx, accountID, s.maxProjects)
	if err == nil && has >= s.maxProjects {
		err = LimitReached("projects of the account", int64(s.maxProjects), "RINGBACK_QUOTA_PROJECTS")
	}
	return err
}

// ProjectUpdate is the input of UpdateProject.
type ProjectUpdate struct {
	ProjectID     int64
	Name          Optional[*string]
	PrimaryDomain Optional[*string]
	Callback      EndpointUpdate
}

// UpdateProject changes what is given. Editor and up.
func (s *Tenants) UpdateProject(ctx context.Context, actor *Actor, in ProjectUpdate) (*Project, error) {
	return s.changeProject(ctx, actor, in.ProjectID, RoleEditor, func(p *Project) error {
		return firstError(
			assignName(&p.Name, "name", in.Name),
			assignText(&p.PrimaryDomain, "primaryDomain", in.PrimaryDomain, maxDomainBytes),
			p.Callback.Apply(in.Callback, fieldCallbackURL, fieldCallbackHeaders),
		)
	})
}

// DeleteProject takes a project out of sight. Admin only. Callbacks that were accepted before are still delivered.
func (s *Tenants) DeleteProject(ctx context.Context, actor *Actor, projectID int64) (*Project, error) {
	return s.changeProject(ctx, actor, projectID, RoleAdmin, func(p *Project) error {
		at := s.now()
		p.DeletedAt = &at
		return nil
	})
}

func (s *Tenants) changeProject(
	ctx context.Context, actor *Actor, id int64, least Role, change func(*Project) error,
) (*Project, error) {
	var p *Project
	err := s.inTx(ctx, func(tx TenantStore) (err error) {
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
