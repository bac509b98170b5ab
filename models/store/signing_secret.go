package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

type signingSecretRow struct {
	ID           int64
	ProjectID    *int64
	SSOClientID  *int64
	SecretSealed []byte
	CreatedAt    int64 `gorm:"autoCreateTime:false"`
	ExpiresAt    *int64
}

func (signingSecretRow) TableName() string { return "signing_secrets" }

func signingSecretPlace(o tenant.SigningOwner) string {
	return fmt.Sprintf("signing_secrets.secret_sealed:project=%d:sso_client=%d", o.ProjectID, o.SSOClientID)
}

// CreateSigningSecret inserts a signing secret.
func (s *Store) CreateSigningSecret(ctx context.Context, v *tenant.SigningSecret) error {
	row := signingSecretRow{
		ProjectID: idOrNull(v.Owner.ProjectID), SSOClientID: idOrNull(v.Owner.SSOClientID),
		SecretSealed: s.sealer.seal([]byte(v.Secret.Reveal()), signingSecretPlace(v.Owner)),
		CreatedAt:    micros(v.CreatedAt), ExpiresAt: microsPtr(v.ExpiresAt),
	}
	err := s.writer(ctx).Create(&row).Error
	v.ID = row.ID
	return err
}

// ExpireSigningSecrets ends an owner's secrets.
func (s *Store) ExpireSigningSecrets(ctx context.Context, owner tenant.SigningOwner, at time.Time) error {
	return s.writer(ctx).Model(&signingSecretRow{}).
		Where("project_id = ? OR sso_client_id = ?", idOrNull(owner.ProjectID), idOrNull(owner.SSOClientID)).
		Where("expires_at IS NULL OR expires_at > ?", micros(at)).Update("expires_at", micros(at)).Error
}

// SigningSecrets returns the owners' secrets that have not expired.
func (s *Store) SigningSecrets(
	ctx context.Context, now time.Time, owners ...tenant.SigningOwner,
) (map[tenant.SigningOwner][]*tenant.SigningSecret, error) {
	var projects, ssoClients []int64
	for _, o := range owners {
		projects, ssoClients = append(projects, o.ProjectID), append(ssoClients, o.SSOClientID)
	}
	found, err := find(s.reader(ctx).Where("expires_at IS NULL OR expires_at > ?", micros(now)).
		Where(
			"? OR ?", s.among("project_id", &projects), s.among("sso_client_id", &ssoClients),
		).Order("id DESC"), s.signingSecret)
	byOwner := make(map[tenant.SigningOwner][]*tenant.SigningSecret, len(owners))
	for _, v := range found {
		byOwner[v.Owner] = append(byOwner[v.Owner], v)
	}
	return byOwner, err
}

func (s *Store) signingSecret(r signingSecretRow) (*tenant.SigningSecret, error) {
	owner := tenant.SigningOwner{ProjectID: idOrZero(r.ProjectID), SSOClientID: idOrZero(r.SSOClientID)}
	place := signingSecretPlace(owner)
	text, err := s.sealer.open(r.SecretSealed, place)
	if err != nil {
		err = &models.UnreadableError{Place: place, Err: err}
	}
	return &tenant.SigningSecret{
		ID: r.ID, Owner: owner, Secret: models.Secret(text),
		CreatedAt: fromMicros(r.CreatedAt), ExpiresAt: fromMicrosPtr(r.ExpiresAt),
		Unreadable: err,
	}, nil
}

func idOrNull(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

func idOrZero(id *int64) int64 {
	if id == nil {
		return 0
	}
	return *id
}
