package tenant

import (
	"context"
	"net/http"
	"strings"

	"github.com/ringback/ringback/models"
)

// Headers that carry credentials.
const (
	headerAuthToken = "X-Auth-Token"
	headerAPIKey    = "X-Api-Key"
)

// Prefixes of tokens.
const (
	sessionTokenPrefix = "rbs_"
	userKeyPrefix      = "rbk_"
	platformKeyPrefix  = "rbp_"
	projectKeyPrefix   = "rbj_"
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
	authorization := h.Get("Authorization")
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
	case c.SessionToken != "":
		return s.AuthenticateSession(ctx, c.SessionToken)
	case c.APIKey != "":
		return s.AuthenticateKey(ctx, c.APIKey)
	default:
		return nil, nil
	}
}

// AuthenticateKey turns the platform's service key, or a project's key, into an actor. UNAUTHENTICATED when it is
// neither, and when the project was deleted.
func (s *Access) AuthenticateKey(ctx context.Context, key models.Secret) (*models.Actor, error) {
	if len(s.rules.PlatformKeyHash) != 0 && key.Matches(s.rules.PlatformKeyHash) {
		return models.PlatformActor(), nil
	}
	found, err := s.store.ProjectKeyByHash(ctx, key.Hash())
	if models.ErrorCode(err) == models.CodeNotFound {
		return nil, models.Unauthenticated()
	}
	if err != nil {
		return nil, err
	}
	return &models.Actor{Key: &models.KeyScope{AccountID: found.AccountID, ProjectID: found.ProjectID}}, nil
}
