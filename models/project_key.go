package models

import (
	"context"
	"time"
)

// MaxProjectKeys is how many keys a project can have at a time.
const MaxProjectKeys = 10

// ProjectKey is a service key that does on one project what an Editor may, and nothing elsewhere. It outlives the person who made
// it. Of its text only the hash is stored.
type ProjectKey struct {
	ID        int64
	AccountID int64
	ProjectID int64
	Name      string
	CreatedAt time.Time
}

// ObjectID returns the key's global id.
func (k *ProjectKey) ObjectID() ObjectID { return ObjectID{TypeProjectKey, k.ID} }

// RawID returns the key's number as text.
func (k *ProjectKey) RawID() string { return RawIDText(k.ID) }

// ProjectKeyStore keeps the keys of projects. Those of deleted projects are found by no method.
type ProjectKeyStore interface {
	// CreateProjectKey sets the ID.
	CreateProjectKey(ctx context.Context, k *ProjectKey, keyHash []byte) error
	ProjectKey(ctx context.Context, scope Scope, id int64) (*ProjectKey, error)
	ProjectKeyByHash(ctx context.Context, keyHash []byte) (*ProjectKey, error)
	// ProjectKeys returns the keys of the given projects, newest first.
	ProjectKeys(ctx context.Context, scope Scope, projectIDs ...int64) ([]*ProjectKey, error)
	DeleteProjectKey(ctx context.Context, scope Scope, id int64) error
}

// CreateProjectKey makes a key for a project. Its text is returned this once. Admin only, since a key outlives the person who made
// it. CONFLICT when the project has ten keys already.
func (s *Service) CreateProjectKey(ctx context.Context, actor *Actor, projectID int64, name string) (*ProjectKey, Secret, error) {
	text := newToken(projectKeyPrefix)
	var key *ProjectKey
	err := s.store.InTx(ctx, func(tx Store) error {
		// The lock keeps two transactions from counting the project's keys at the same time.
		project, err := tx.LockProject(ctx, actor.Scope(RoleViewer), projectID)
		if err != nil {
			return err
		}
		err = firstError(actor.RequireProjectRole(project.AccountID, project.ID, RoleAdmin), CheckName("name", name))
		if err != nil {
			return err
		}
		keys, err := tx.ProjectKeys(ctx, actor.Scope(RoleAdmin), project.ID)
		if err != nil {
			return err
		}
		if len(keys) >= MaxProjectKeys {
			return Conflict("projectId", "the project has %d keys already; delete one first", MaxProjectKeys)
		}
		key = &ProjectKey{AccountID: project.AccountID, ProjectID: project.ID, Name: name, CreatedAt: s.now()}
		return tx.CreateProjectKey(ctx, key, text.Hash())
	})
	if err != nil {
		return nil, "", err
	}
	return key, text, nil
}

// DeleteProjectKey ends a key: the next request with it is UNAUTHENTICATED. Admin only.
func (s *Service) DeleteProjectKey(ctx context.Context, actor *Actor, id int64) (*ProjectKey, error) {
	var key *ProjectKey
	err := s.store.InTx(ctx, func(tx Store) (err error) {
		if key, err = tx.ProjectKey(ctx, actor.Scope(RoleViewer), id); err != nil {
			return err
		}
		if err := actor.RequireProjectRole(key.AccountID, key.ProjectID, RoleAdmin); err != nil {
			return err
		}
		return tx.DeleteProjectKey(ctx, actor.Scope(RoleAdmin), id)
	})
	if err != nil {
		return nil, err
	}
	return key, nil
}

// ProjectKeys returns the keys, newest first, of those of the given projects on which the actor is Admin.
func (s *Service) ProjectKeys(ctx context.Context, actor *Actor, projectIDs ...int64) (map[int64][]*ProjectKey, error) {
	keys, err := s.store.ProjectKeys(ctx, actor.Scope(RoleAdmin), projectIDs...)
	byProject := make(map[int64][]*ProjectKey, len(projectIDs))
	for _, k := range keys {
		byProject[k.ProjectID] = append(byProject[k.ProjectID], k)
	}
	return byProject, err
}
