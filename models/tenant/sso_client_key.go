package tenant

import (
	"cmp"
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

// MaxSSOClientKeys is how many keys an SSO client can have at a time.
const MaxSSOClientKeys = 5

// SSOClientKey is a partner's key: with it the partner sees the accounts of its SSO client and their callbacks, has these
// sent again, and sees to its own webhook. Of its text only the hash is stored.
type SSOClientKey struct {
	ID          int64
	SSOClientID int64
	Name        string
	CreatedAt   time.Time
}

// TypeSSOClientKey stands in the ObjectIDs of keys of SSO clients.
const TypeSSOClientKey = "SSOClientKey"

// ObjectID returns the key's global id.
func (k *SSOClientKey) ObjectID() models.ObjectID {
	return models.ObjectID{Type: TypeSSOClientKey, Raw: k.ID}
}

// RawID returns the key's number as text.
func (k *SSOClientKey) RawID() string { return models.RawIDText(k.ID) }

// SSOClientKeyStore is the database as keys of SSO clients need it.
type SSOClientKeyStore interface {
	// LockSSOClient keeps two transactions from counting the SSO client's keys at the same time.
	LockSSOClient(ctx context.Context, scope models.Scope, id int64) (*SSOClient, error)
	// SSOClientKeys returns the keys of the given SSO clients, newest first.
	SSOClientKeys(ctx context.Context, scope models.Scope, ssoClientIDs ...int64) ([]*SSOClientKey, error)
	SSOClientKey(ctx context.Context, scope models.Scope, id int64) (*SSOClientKey, error)
	SSOClientKeyByHash(ctx context.Context, keyHash []byte) (*SSOClientKey, error)
	// CreateSSOClientKey sets the ID.
	CreateSSOClientKey(ctx context.Context, k *SSOClientKey, keyHash []byte) error
	DeleteSSOClientKey(ctx context.Context, scope models.Scope, id int64) error
}

// CreateSSOClientKey makes a key for an SSO client. Its text is returned this once. For the platform, and for the partner
// with one of its keys. CONFLICT when the SSO client has five keys already.
func (s *Access) CreateSSOClientKey(
	ctx context.Context, actor *models.Actor, ssoClientID int64, name string,
) (*SSOClientKey, models.Secret, error) {
	var key *SSOClientKey
	text, err := s.makeKey(ctx, ssoClientKeyPrefix, func(tx AccessStore, hash []byte) (int64, error) {
		client, err := lockSSOClient(ctx, tx, actor, ssoClientID, models.RoleAdmin)
		if err = cmp.Or(err, models.CheckName("name", name)); err != nil {
			return 0, err
		}
		keys, err := tx.SSOClientKeys(ctx, actor.Scope(models.RoleViewer), client.ID)
		if err != nil {
			return 0, err
		}
		if len(keys) >= MaxSSOClientKeys {
			return 0, models.Conflict(
				"ssoClientId", "the SSO client has %d keys already; delete one first", MaxSSOClientKeys,
			)
		}
		key = &SSOClientKey{SSOClientID: client.ID, Name: name, CreatedAt: s.now()}
		err = tx.CreateSSOClientKey(ctx, key, hash)
		return key.ID, err
	})
	return key, text, err
}

// DeleteSSOClientKey ends a key: the next request with it is UNAUTHENTICATED. For the platform, and for the partner with
// one of its keys, also with this one.
func (s *Access) DeleteSSOClientKey(ctx context.Context, actor *models.Actor, id int64) (*SSOClientKey, error) {
	if err := actor.RequirePartner(); err != nil {
		return nil, err
	}
	var key *SSOClientKey
	err := s.inTx(ctx, func(tx AccessStore) (err error) {
		if key, err = tx.SSOClientKey(ctx, actor.Scope(models.RoleViewer), id); err != nil {
			return err
		}
		if err := actor.RequireSSOClientRole(key.SSOClientID, models.RoleAdmin); err != nil {
			return err
		}
		if err := tx.DeleteSSOClientKey(ctx, actor.Scope(models.RoleViewer), id); err != nil {
			return err
		}
		return tx.KeepPortalSessions(ctx, models.KeyScope{SSOClientID: key.SSOClientID}, 0, s.now())
	})
	if err != nil {
		return nil, err
	}
	return key, nil
}
