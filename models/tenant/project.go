package tenant

import (
	"context"
	"reflect"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
)

// Project is a site of an account that is crawled.
type Project struct {
	ID            int64
	AccountID     int64
	Name          string
	PrimaryDomain string
	Callback      models.Endpoint
	Limits
	Pause
	Version   int // grows by one with each change of what a person can set, but a pause
	CreatedAt time.Time
	UpdatedAt time.Time
	// DeletedAt is set on a deleted project. It is out of every caller's sight, but callbacks that were accepted
	// before are still delivered, with its configuration as it was.
	DeletedAt *time.Time
}

// TypeProject stands in the ObjectIDs of projects.
const TypeProject = "Project"

// ObjectID returns the project's global id.
func (p *Project) ObjectID() models.ObjectID { return models.ObjectID{Type: TypeProject, Raw: p.ID} }

// RawID returns the project's number as text.
func (p *Project) RawID() string { return models.RawIDText(p.ID) }

// ListCursor is the project's place in a list.
func (p *Project) ListCursor() models.Cursor { return models.Cursor{At: p.CreatedAt, ID: p.ID} }

// maxDomainBytes: a primary domain may be a full URL, as the published examples have it.
const maxDomainBytes = 2048

// CheckPrimaryDomain refuses one that is empty, or too long: BAD_USER_INPUT on field.
func CheckPrimaryDomain(field, domain string) error {
	return models.AssignText(new(string), field, models.Given(&domain), maxDomainBytes)
}

// projectNamespace is that of the UUIDs of projects.
var projectNamespace = uuid.MustParse("6f1d3c52-5a0e-4b7e-9a64-3d0c1f2b8e47")

// ProjectUID names a project where callers know workspaces by UUIDs: always the same one for the same project.
func ProjectUID(projectID int64) uuid.UUID {
	return uuid.NewSHA1(projectNamespace, []byte(models.RawIDText(projectID)))
}

// APICallbackURL is where callbacks go, as far as this level says it.
func (p *Project) APICallbackURL() *string { return p.Callback.URL }

// NewProject is the input of CreateProject. RawID is for the platform only; 0 lets the database choose.
type NewProject struct {
	AccountID     int64
	Name          string
	PrimaryDomain string
	RawID         int64
	Callback      models.EndpointUpdate
	Limits        LimitsUpdate
}

// CreateProject makes a project and its first signing secret. Editor and up. LIMIT_REACHED where the account may have
// no more.
func (s *Service) CreateProject(ctx context.Context, actor *models.Actor, in NewProject) (*Project, error) {
	at := s.now()
	p := &Project{ID: in.RawID, AccountID: in.AccountID, Version: 1, CreatedAt: at, UpdatedAt: at}
	err := s.inTx(ctx, func(tx Store) error {
		if _, err := models.One(tx.Accounts(ctx, actor.Scope(models.RoleViewer), in.AccountID))(TypeAccount); err != nil {
			return err
		}
		if err := actor.RequireRole(in.AccountID, models.RoleEditor); err != nil {
			return err
		}
		if in.RawID != 0 && !actor.Platform {
			return models.Forbidden("only the platform's service key may choose the rawID")
		}
		wrong := models.AllProblems(
			models.CheckNewID("rawID", in.RawID),
			models.AssignName(&p.Name, "name", models.Given(&in.Name)),
			models.AssignText(&p.PrimaryDomain, "primaryDomain", models.Given(&in.PrimaryDomain), maxDomainBytes),
			p.Callback.Apply(in.Callback, fieldCallbackURL, fieldCallbackHeaders),
			p.limit(in.Limits),
		)
		if err := s.allowProject(ctx, tx, actor.Scope(models.RoleViewer), in.AccountID); wrong == nil && err != nil {
			return err
		}
		if err := models.Beside(wrong, tx.CreateProject(ctx, p)); err != nil {
			return err
		}
		models.Made(ctx, p.ID)
		return tx.CreateSigningSecret(ctx, NewSigningSecret(SigningOwner{ProjectID: p.ID}, at))
	})
	return p, err
}

// allowProject tells whether an account may have one more project. Others that ask wait until the transaction has
// ended.
func (s *Service) allowProject(ctx context.Context, tx Store, scope models.Scope, accountID int64) error {
	if s.maxProjects <= 0 {
		return nil
	}
	if _, err := tx.LockAccount(ctx, scope, accountID); err != nil {
		return err
	}
	has, err := tx.CountLiveProjects(ctx, accountID, s.maxProjects)
	if err == nil && has >= s.maxProjects {
		err = models.LimitReached("projects of the account", int64(s.maxProjects), "RINGBACK_QUOTA_PROJECTS")
	}
	return err
}

// ProjectUpdate is the input of UpdateProject.
type ProjectUpdate struct {
	ProjectID     int64
	IfVersion     *int // CONFLICT where the project has another one; nil: it may have any
	Name          models.Optional[*string]
	PrimaryDomain models.Optional[*string]
	Callback      models.EndpointUpdate
	Limits        LimitsUpdate
}

// UpdateProject changes what is given. Editor and up.
func (s *Service) UpdateProject(ctx context.Context, actor *models.Actor, in ProjectUpdate) (Configured, error) {
	return s.changeProject(ctx, actor, in.ProjectID, in.IfVersion, models.RoleEditor, func(p *Project) error {
		return models.AllProblems(
			models.AssignName(&p.Name, "name", in.Name),
			models.AssignText(&p.PrimaryDomain, "primaryDomain", in.PrimaryDomain, maxDomainBytes),
			p.Callback.Apply(in.Callback, fieldCallbackURL, fieldCallbackHeaders),
			p.limit(in.Limits),
		)
	})
}

// DeleteProject takes a project out of sight. Admin only. Callbacks that were accepted before are still delivered.
func (s *Service) DeleteProject(ctx context.Context, actor *models.Actor, projectID int64) (*Project, error) {
	deleted, err := s.changeProject(ctx, actor, projectID, nil, models.RoleAdmin, func(p *Project) error {
		at := s.now()
		p.DeletedAt = &at
		return nil
	})
	return deleted.Project, err
}

// changeProject changes a project under its lock: of two who begin at the same version one comes too late.
func (s *Service) changeProject(
	ctx context.Context, actor *models.Actor, id int64, ifVersion *int, least models.Role, change func(*Project) error,
) (c Configured, err error) {
	err = s.inTx(ctx, func(tx Store) error {
		p, err := tx.LockProject(ctx, actor.Scope(models.RoleViewer), id)
		if err != nil {
			return err
		}
		if err := actor.RequireProjectRole(p.AccountID, p.ID, least); err != nil {
			return err
		}
		before := *p
		c.Project = p
		if err := models.AllProblems(models.CheckVersion(ifVersion, p.Version, &before), change(p)); err != nil || reflect.DeepEqual(before, *p) {
			return err
		}
		if before.Pause == p.Pause { // nobody who sets something else comes too late for it
			p.Version++
			p.UpdatedAt = s.now()
		}
		if err := tx.UpdateProject(ctx, actor.Scope(least), p); err != nil {
			return err
		}
		if models.TextOrEmpty(before.Callback.URL) == models.TextOrEmpty(p.Callback.URL) { // then the account's is the same, too
			return nil
		}
		account, err := models.One(tx.Accounts(ctx, actor.Scope(models.RoleViewer), p.AccountID))(TypeAccount)
		if err != nil {
			return err
		}
		c.Moved, err = moved(ctx, tx, CallbackOwner{ProjectID: p.ID},
			EffectiveTarget(account.Callback, before.Callback), EffectiveTarget(account.Callback, p.Callback))
		return err
	})
	return c, err
}
