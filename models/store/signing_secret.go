package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

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
	among := func(column string, ids *[]int64) *gorm.DB {
		return s.reader(ctx).Model(&signingSecretRow{}).Where(s.among(column, ids)).
			Where("expires_at IS NULL OR expires_at > ?", micros(now))
	}
	// Two reads, each by its index: Postgres is not let to put two together for an OR, and would read all there are.
	found, err := find(s.reader(ctx).Table(
		"(? UNION ALL ?) AS signing_secrets", among("project_id", &projects), among("sso_client_id", &ssoClients),
	).Order("id DESC"), s.signingSecret)
	return models.Grouped(found, func(v *tenant.SigningSecret) tenant.SigningOwner { return v.Owner }), err
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
