package tenant

import (
	"context"
	"net/http"
	"strings"

	"github.com/ringback/ringback/models"
)

// Headers that carry credentials.
const (
	headerAuthToken     = "X-Auth-Token"
	headerAuthorization = "Authorization"
	headerAPIKey        = "X-Api-Key"
)

// Prefixes of tokens.
const (
	sessionTokenPrefix = "rbs_"
	userKeyPrefix      = "rbk_"
	platformKeyPrefix  = "rbp_"
	projectKeyPrefix   = "rbj_"
	loginCodePrefix    = "rbl_"
	ssoClientKeyPrefix = "rbc_"
	portalTokenPrefix  = "rbt_"
)

// NewPlatformKey makes a service key with the platform role.
func NewPlatformKey() models.Secret { return models.NewToken(platformKeyPrefix) }

// Credentials are what a request says of who makes it. Both are empty for a stranger; where both are given, the
// session counts.
type Credentials struct {
	SessionToken models.Secret
	APIKey       models.Secret
}

// CredentialsFrom reads x-auth-token, or else Authorization: Bearer, and x-api-key.
func CredentialsFrom(h http.Header) Credentials {
	return Credentials{SessionToken: sessionToken(h), APIKey: models.Secret(h.Get(headerAPIKey))}
}

// sessionToken takes an Authorization of another scheme as it is: it is no credential of ours, but somebody meant it
// as one, so it is refused rather than passed over.
func sessionToken(h http.Header) models.Secret {
	if token := h.Get(headerAuthToken); token != "" {
		return models.Secret(token)
	}
	authorization := h.Get(headerAuthorization)
	scheme, token, ok := strings.Cut(authorization, " ")
	if ok && strings.EqualFold(scheme, "Bearer") {
		return models.Secret(strings.TrimSpace(token))
	}
	return models.Secret(authorization)
}

// Authenticate turns credentials into an actor: nil, which is a stranger, where there are none. UNAUTHENTICATED when
// they are not valid.
func (s *Access) Authenticate(ctx context.Context, c Credentials) (*models.Actor, error) {
	switch {
	case strings.HasPrefix(c.SessionToken.Reveal(), portalTokenPrefix):
		return s.authenticatePortal(ctx, c.SessionToken)
	case c.SessionToken != "":
		return s.AuthenticateSession(ctx, c.SessionToken)
	case c.APIKey != "":
		return s.AuthenticateKey(ctx, c.APIKey)
	default:
		return nil, nil
	}
}

// AuthenticateKey turns the platform's service key, or that of a project or an SSO client, into an actor. UNAUTHENTICATED
// when it is none of these, and when the project was deleted.
func (s *Access) AuthenticateKey(ctx context.Context, key models.Secret) (*models.Actor, error) {
	if len(s.rules.PlatformKeyHash) != 0 && key.Matches(s.rules.PlatformKeyHash) {
		return models.PlatformActor(), nil
	}
	if strings.HasPrefix(key.Reveal(), ssoClientKeyPrefix) {
		found, err := s.store.SSOClientKeyByHash(ctx, key.Hash())
		if err != nil {
			return nil, orUnauthenticated(err)
		}
		return ssoClientKeyActor(found.SSOClientID), nil
	}
	found, err := s.store.ProjectKeyByHash(ctx, key.Hash())
	if err != nil {
		return nil, orUnauthenticated(err)
	}
	return projectKeyActor(found.AccountID, found.ProjectID), nil
}

// orUnauthenticated says nothing of what was not found.
func orUnauthenticated(err error) error {
	if models.ErrorCode(err) == models.CodeNotFound {
		return models.Unauthenticated()
	}
	return err
}

func projectKeyActor(accountID, projectID int64) *models.Actor {
	return &models.Actor{Key: &models.KeyScope{AccountID: accountID, ProjectID: projectID, Role: models.RoleEditor}}
}

// ssoClientKeyActor is an Admin of the SSO client, and of its accounts a Viewer who may send again.
func ssoClientKeyActor(id int64) *models.Actor {
	return &models.Actor{Key: &models.KeyScope{SSOClientID: id, Role: models.RoleAdmin}}
}

// makeKey makes the text of a key, of which create stores the hash. Create locks the owner first, so that no two
// transactions count its keys at the same time, and returns the key's id.
func (s *Access) makeKey(
	ctx context.Context, prefix string, create func(tx AccessStore, hash []byte) (id int64, err error),
) (models.Secret, error) {
	text := models.NewToken(prefix)
	err := s.inTx(ctx, func(tx AccessStore) error {
		id, err := create(tx, text.Hash())
		if err == nil {
			models.Made(ctx, id)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return text, nil
}
