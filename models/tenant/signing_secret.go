package tenant

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"github.com/ringback/ringback/models"
)

// SigningSecret signs callbacks by the Standard Webhooks scheme. A project has its own, and so has an SSO client.
type SigningSecret struct {
	ID        int64
	Owner     SigningOwner
	Secret    models.Secret // whsec_ + base64 of 32 random bytes
	CreatedAt time.Time
	ExpiresAt *time.Time // nil: does not expire
	// Unreadable is why the secret could not be read, nil when it could.
	Unreadable error
}

// signingSecretPrefix is that of the Standard Webhooks specification.
const signingSecretPrefix = "whsec_"

// Key is what it signs with.
func (s *SigningSecret) Key() ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.TrimPrefix(s.Secret.Reveal(), signingSecretPrefix))
}

// FirstUnreadable is why one of the secrets could not be read, nil when all could.
func FirstUnreadable(secrets []*SigningSecret) error {
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

// signingKeyBytes is within the 24 to 64 bytes of the Standard Webhooks specification.
const signingKeyBytes = 32

// NewSigningSecret makes one, which is stored nowhere yet.
func NewSigningSecret(owner SigningOwner, at time.Time) *SigningSecret {
	text := signingSecretPrefix + base64.StdEncoding.EncodeToString(models.RandomBytes(signingKeyBytes))
	return &SigningSecret{Owner: owner, Secret: models.Secret(text), CreatedAt: at}
}

// Limits on rotating a signing secret.
const (
	DefaultExpireOldAfter = 24 * time.Hour
	MaxExpireOldAfter     = 30 * 24 * time.Hour
	// maxSigningSecrets that are live at a time: each adds a signature to every request.
	maxSigningSecrets = 5
)

// RotateSigningSecret makes a new signing secret for a project. The old ones sign beside it until they expire, after
// the given time (0 to 30 days). Admin only. CONFLICT when five are live already.
func (s *Service) RotateSigningSecret(
	ctx context.Context, actor *models.Actor, projectID int64, expireOldAfter time.Duration,
) (project *Project, secret *SigningSecret, err error) {
	secret, err = s.rotate(ctx, SigningOwner{ProjectID: projectID}, "projectId", expireOldAfter, func(tx Store) error {
		if project, err = tx.LockProject(ctx, actor.Scope(models.RoleViewer), projectID); err != nil {
			return err
		}
		return actor.RequireProjectRole(project.AccountID, project.ID, models.RoleAdmin)
	})
	return project, secret, err
}

// RotateWebhookSecret does that for an SSO client. For the platform, and for the partner itself.
func (s *Service) RotateWebhookSecret(
	ctx context.Context, actor *models.Actor, ssoClientID int64, expireOldAfter time.Duration,
) (client *SSOClient, secret *SigningSecret, err error) {
	owner := SigningOwner{SSOClientID: ssoClientID}
	secret, err = s.rotate(ctx, owner, "ssoClientId", expireOldAfter, func(tx Store) (err error) {
		client, err = lockSSOClient(ctx, tx, actor, ssoClientID, models.RoleEditor)
		return err
	})
	return client, secret, err
}

// rotate makes a new secret of an owner, which allow locks, and lets those that are there expire. The field is that of
// the input which names the owner.
func (s *Service) rotate(
	ctx context.Context, owner SigningOwner, field string, expireOldAfter time.Duration, allow func(Store) error,
) (*SigningSecret, error) {
	if expireOldAfter < 0 || expireOldAfter > MaxExpireOldAfter {
		return nil, models.Invalid(
			"expireOldAfter", "must be between 0s and %s", models.FormatDuration(MaxExpireOldAfter),
		)
	}
	at := s.now()
	secret := NewSigningSecret(owner, at)
	err := s.inTx(ctx, func(tx Store) error {
		if err := allow(tx); err != nil {
			return err
		}
		live, err := tx.SigningSecrets(ctx, at, owner)
		if err != nil {
			return err
		}
		if len(live[owner]) >= maxSigningSecrets {
			return models.Conflict(field,
				"there are %d signing secrets that have not expired; wait for one to expire", maxSigningSecrets)
		}
		if err := tx.ExpireSigningSecrets(ctx, owner, at.Add(expireOldAfter)); err != nil {
			return err
		}
		if err := tx.CreateSigningSecret(ctx, secret); err != nil {
			return err
		}
		models.Made(ctx, secret.ID)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return secret, nil
}
