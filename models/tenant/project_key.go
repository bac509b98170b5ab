package tenant

import (
	"cmp"
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

// MaxProjectKeys is how many keys a project can have at a time.
const MaxProjectKeys = 10

// ProjectKey is a service key that does on one project what an Editor may, and nothing elsewhere. It outlives the
// person who made it. Of its text only the hash is stored.
type ProjectKey struct {
	ID        int64
	AccountID int64
	ProjectID int64
	Name      string
	CreatedAt time.Time
}

// TypeProjectKey stands in the ObjectIDs of keys of projects.
const TypeProjectKey = "ProjectKey"

// ObjectID returns the key's global id.
func (k *ProjectKey) ObjectID() models.ObjectID {
	return models.ObjectID{Type: TypeProjectKey, Raw: k.ID}
}

// RawID returns the key's number as text.
func (k *ProjectKey) RawID() string { return models.RawIDText(k.ID) }

// ProjectKeyStore is the database as keys of projects need it. Those of deleted projects are found by no method.
type ProjectKeyStore interface {
	// LockProject keeps two transactions from counting the project's keys at the same time.
	LockProject(ctx context.Context, scope models.Scope, id int64) (*Project, error)
	// ProjectKeys returns the keys of the given projects, newest first.
	ProjectKeys(ctx context.Context, scope models.Scope, projectIDs ...int64) ([]*ProjectKey, error)
	ProjectKey(ctx context.Context, scope models.Scope, id int64) (*ProjectKey, error)
	ProjectKeyByHash(ctx context.Context, keyHash []byte) (*ProjectKey, error)
	// CreateProjectKey sets the ID.
	CreateProjectKey(ctx context.Context, k *ProjectKey, keyHash []byte) error
	DeleteProjectKey(ctx context.Context, scope models.Scope, id int64) error
}

// CreateProjectKey makes a key for a project. Its text is returned this once. Admin only, since a key outlives the
// person who made it. CONFLICT when the project has ten keys already.
func (s *Access) CreateProjectKey(
	ctx context.Context, actor *models.Actor, projectID int64, name string,
) (*ProjectKey, models.Secret, error) {
	var key *ProjectKey
	text, err := s.makeKey(ctx, projectKeyPrefix, func(tx AccessStore, hash []byte) (int64, error) {
		project, err := tx.LockProject(ctx, actor.Scope(models.RoleViewer), projectID)
		if err != nil {
			return 0, err
		}
		err = cmp.Or(
			actor.RequireProjectRole(project.AccountID, project.ID, models.RoleAdmin), models.CheckName("name", name),
		)
		if err != nil {
			return 0, err
		}
		keys, err := tx.ProjectKeys(ctx, actor.Scope(models.RoleAdmin), project.ID)
		if err != nil {
			return 0, err
		}
		if len(keys) >= MaxProjectKeys {
			return 0, models.Conflict("projectId", "the project has %d keys already; delete one first", MaxProjectKeys)
		}
		key = &ProjectKey{AccountID: project.AccountID, ProjectID: project.ID, Name: name, CreatedAt: s.now()}
		err = tx.CreateProjectKey(ctx, key, hash)
		return key.ID, err
	})
	return key, text, err
}

// DeleteProjectKey ends a key: the next request with it is UNAUTHENTICATED. Admin only.
func (s *Access) DeleteProjectKey(ctx context.Context, actor *models.Actor, id int64) (*ProjectKey, error) {
	var key *ProjectKey
	err := s.inTx(ctx, func(tx AccessStore) (err error) {
		if key, err = tx.ProjectKey(ctx, actor.Scope(models.RoleViewer), id); err != nil {
			return err
		}
		if err := actor.RequireProjectRole(key.AccountID, key.ProjectID, models.RoleAdmin); err != nil {
			return err
		}
		return tx.DeleteProjectKey(ctx, actor.Scope(models.RoleAdmin), id)
	})
	if err != nil {
		return nil, err
	}
	return key, nil
}
