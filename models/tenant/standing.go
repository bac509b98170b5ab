package tenant

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

// Standing is what a credential is worth: of a user's session there is one for each role of the user, and one where there
// is none; of a key and of a portal session there is one.
type Standing struct {
	Hash        []byte     // of the token, or of the key
	UserID      int64      // 0: it is no user's session
	ExpiresAt   *time.Time // of a session; nil: it is a key
	AccountID   int64      // 0: the user has no role, or it is an SSO client's
	ProjectID   int64      // 0: it is no project's
	SSOClientID int64      // 0: it is no SSO client's
	Role        models.Role
}

// Actors is Authenticate of many, in one statement: those whose credentials are not valid any more are left out. It is
// for who has authenticated before, and notes no use.
func (s *Access) Actors(ctx context.Context, all []Credentials) (map[Credentials]*models.Actor, error) {
	actors, secrets := map[Credentials]*models.Actor{}, map[string]Credentials{}
	var hashes [][]byte
	for _, c := range all {
		if c.SessionToken == "" && len(s.rules.PlatformKeyHash) != 0 && c.APIKey.Matches(s.rules.PlatformKeyHash) {
			actors[c] = models.PlatformActor()
			continue
		}
		hash := c.secret().Hash()
		secrets[string(hash)], hashes = c, append(hashes, hash)
	}
	if len(hashes) == 0 {
		return actors, nil
	}
	standings, err := s.store.Standings(ctx, hashes...)
	if err != nil {
		return nil, err
	}
	now := s.now()
	for _, found := range standings {
		if c := secrets[string(found.Hash)]; found.valid(c, now) {
			actors[c] = found.add(actors[c], c)
		}
	}
	return actors, nil
}

// secret is the one that counts.
func (c Credentials) secret() models.Secret {
	if c.SessionToken != "" {
		return c.SessionToken
	}
	return c.APIKey
}

// valid: a key is no token of a session, and a token no key.
func (s Standing) valid(c Credentials, now time.Time) bool {
	if s.ExpiresAt == nil {
		return c.SessionToken == ""
	}
	return c.SessionToken != "" && now.Before(*s.ExpiresAt)
}

// add returns the actor with what this says of it.
func (s Standing) add(actor *models.Actor, c Credentials) *models.Actor {
	switch {
	case s.UserID != 0:
	case s.ExpiresAt != nil:
		return portalActor(models.KeyScope{
			AccountID: s.AccountID, ProjectID: s.ProjectID, SSOClientID: s.SSOClientID, Role: s.Role,
		}, c.SessionToken)
	case s.SSOClientID != 0:
		return ssoClientKeyActor(s.SSOClientID)
	default:
		return projectKeyActor(s.AccountID, s.ProjectID)
	}
	if actor == nil {
		actor = &models.Actor{UserID: s.UserID, SessionToken: c.SessionToken, Roles: map[int64]models.Role{}}
	}
	if s.AccountID != 0 {
		actor.Roles[s.AccountID] = s.Role
	}
	return actor
}
