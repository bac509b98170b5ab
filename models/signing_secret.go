package models

import (
	"context"
	"encoding/base64"
	"time"
)

// SigningSecret signs callbacks by the Standard Webhooks scheme. A project has its own, and so has an SSO client.
type SigningSecret struct {
	ID        int64
	Owner     SigningOwner
	Secret    Secret // whsec_ + base64 of 32 random bytes
	CreatedAt time.Time
	ExpiresAt *time.Time // nil: does not expire
	// Unreadable is why the secret could not be read, nil when it could.
	Unreadable error
}

// unreadable is why one of the secrets could not be read, nil when all could.
func unreadable(secrets []*SigningSecret) error {
	for _, s := range secrets {
		if s.Unreadable != nil {
			return s.Unreadable
		}
	}
	return nil
}

// SigningOwner is the project or the SSO client that a secret belongs to; one of the two is set.
type SigningOwner struct {
	ProjectID   int64
	SSOClientID int64
}

// SecretsTx reads what signs callbacks.
type SecretsTx interface {
	// SigningSecrets returns, for each owner, those that have not expired, newest first.
	SigningSecrets(ctx context.Context, now time.Time, owners ...SigningOwner) (map[SigningOwner][]*SigningSecret, error)
}

// SigningSecretStore keeps signing secrets.
type SigningSecretStore interface {
	CreateSigningSecret(ctx context.Context, s *SigningSecret) error
	// ExpireSigningSecrets makes the owner's secrets expire at the given time, unless they do so earlier.
	ExpireSigningSecrets(ctx context.Context, owner SigningOwner, at time.Time) error
	SecretsTx
}

// signingKeyBytes is within the 24 to 64 bytes of the Standard Webhooks specification.
const signingKeyBytes = 32

func newSigningSecret(owner SigningOwner, at time.Time) *SigningSecret {
	text := signingSecretPrefix + base64.StdEncoding.EncodeToString(randomBytes(signingKeyBytes))
	return &SigningSecret{Owner: owner, Secret: Secret(text), CreatedAt: at}
}

// ProjectSigningSecrets returns the secrets that sign now, newest first, of those of the given projects on which the actor is
// Admin.
func (s *Service) ProjectSigningSecrets(ctx context.Context, actor *Actor, projectIDs ...int64) (map[int64][]*SigningSecret, error) {
	projects, err := s.store.Projects(ctx, actor.Scope(RoleAdmin), projectIDs...)
	if err != nil {
		return nil, err
	}
	owners := make([]SigningOwner, len(projects))
	for i, p := range projects {
		owners[i] = SigningOwner{ProjectID: p.ID}
	}
	secrets, err := s.store.SigningSecrets(ctx, s.now(), owners...)
	byProject := make(map[int64][]*SigningSecret, len(secrets))
	for owner, list := range secrets {
		byProject[owner.ProjectID], err = list, firstError(err, unreadable(list))
	}
	return byProject, err
}

// SSOClientSigningSecrets returns the secrets that sign an SSO client's notices now, newest first. Platform only.
func (s *Service) SSOClientSigningSecrets(ctx context.Context, actor *Actor, id int64) ([]*SigningSecret, error) {
	if err := actor.RequirePlatform(); err != nil {
		return nil, err
	}
	owner := SigningOwner{SSOClientID: id}
	secrets, err := s.store.SigningSecrets(ctx, s.now(), owner)
	return secrets[owner], firstError(err, unreadable(secrets[owner]))
}

// Limits on rotating a signing secret.
const (
	DefaultExpireOldAfter = 24 * time.Hour
	MaxExpireOldAfter     = 30 * 24 * time.Hour
	// maxSigningSecrets that are live at a time: each adds a signature to every request.
	maxSigningSecrets = 5
)

// RotateSigningSecret makes a new signing secret for a project. The old ones sign beside it until they expire, after the given time
// (0 to 30 days). Admin only. CONFLICT when five are live already.
func (s *Service) RotateSigningSecret(ctx context.Context, actor *Actor, projectID int64, expireOldAfter time.Duration) (*Project, *SigningSecret, error) {
	if expireOldAfter < 0 || expireOldAfter > MaxExpireOldAfter {
		return nil, nil, Invalid("expireOldAfter", "must be between 0s and %s", FormatDuration(MaxExpireOldAfter))
	}
	owner := SigningOwner{ProjectID: projectID}
	at := s.now()
	secret := newSigningSecret(owner, at)
	var project *Project
	err := s.store.InTx(ctx, func(tx Store) (err error) {
		if project, err = tx.LockProject(ctx, actor.Scope(RoleViewer), projectID); err != nil {
			return err
		}
		if err := actor.RequireProjectRole(project.AccountID, project.ID, RoleAdmin); err != nil {
			return err
		}
		live, err := tx.SigningSecrets(ctx, at, owner)
		if err != nil {
			return err
		}
		if len(live[owner]) >= maxSigningSecrets {
			return Conflict("projectId", "the project has %d signing secrets that have not expired; wait for one to expire", maxSigningSecrets)
		}
		if err := tx.ExpireSigningSecrets(ctx, owner, at.Add(expireOldAfter)); err != nil {
			return err
		}
		return tx.CreateSigningSecret(ctx, secret)
	})
	if err != nil {
		return nil, nil, err
	}
	return project, secret, nil
}
