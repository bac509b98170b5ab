package tenant

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

// SessionLifetime is how long a session token works after it was made; using it does not extend it.
const SessionLifetime = 30 * 24 * time.Hour

// MaxUserKeys is how many keys a user can have at a time.
const MaxUserKeys = 2

// UserKey is a long-lived key with which a user's program makes sessions.
type UserKey struct {
	ID         int64
	UserID     int64
	SecretHash []byte
	CreatedAt  time.Time
}

// TypeUserKey stands in the ObjectIDs of keys of users.
const TypeUserKey = "UserKey"

// ObjectID returns the key's global id.
func (k *UserKey) ObjectID() models.ObjectID { return models.ObjectID{Type: TypeUserKey, Raw: k.ID} }

// RawID returns the key's number as text.
func (k *UserKey) RawID() string { return models.RawIDText(k.ID) }

// Session is one login.
type Session struct {
	ID        int64
	UserID    int64
	TokenHash []byte
	Name      *string
	CreatedAt time.Time
	ExpiresAt time.Time
	// LastUsedAt lags behind by up to an hour: it is not written at each use.
	LastUsedAt time.Time
	// Token is set when the session is made; it is stored nowhere.
	Token models.Secret
	// Current is set of the session that a request came with, where sessions are listed.
	Current bool
}

// ListCursor is the session's place in its user's list.
func (s *Session) ListCursor() models.Cursor { return models.Cursor{At: s.CreatedAt, ID: s.ID} }

// SessionStore is the database as keys and sessions of users need it. They know no Scope: a caller reaches its own.
type SessionStore interface {
	// LockUser keeps two transactions from counting what the user has at the same time.
	LockUser(ctx context.Context, id int64) (*User, error)
	UserKeys(ctx context.Context, userID int64) ([]*UserKey, error)
	UserKey(ctx context.Context, id int64) (*UserKey, error)
	CreateUserKey(ctx context.Context, k *UserKey) error
	DeleteUserKey(ctx context.Context, userID, id int64) (*UserKey, error)

	CreateSession(ctx context.Context, s *Session) error
	SessionByToken(ctx context.Context, tokenHash []byte) (*Session, error)
	// SessionPage has those of a user that have not expired at a time, newest first; CountSessions counts them.
	SessionPage(ctx context.Context, userID int64, at time.Time, page models.Page) (*models.PageOf[*Session], error)
	CountSessions(ctx context.Context, userID int64, at time.Time) (int, error)
	// UseSession notes when a session was used.
	UseSession(ctx context.Context, id int64, at time.Time) error
	// KeepSessions deletes all sessions of a user but so many, the most recently used.
	KeepSessions(ctx context.Context, userID int64, most int) error
	DeleteSession(ctx context.Context, tokenHash []byte) error
}

// CreateUserKey makes a key for the actor, or for the given user when the actor is the platform. The secret is returned
// this once. CONFLICT when the user has two keys already.
func (s *Access) CreateUserKey(
	ctx context.Context, actor *models.Actor, userID *int64,
) (*UserKey, models.Secret, error) {
	owner, err := keyOwner(actor, userID)
	if err != nil {
		return nil, "", err
	}
	key := &UserKey{UserID: owner, CreatedAt: s.now()}
	secret, err := s.makeKey(ctx, userKeyPrefix, func(tx AccessStore, hash []byte) (int64, error) {
		if _, err := tx.LockUser(ctx, owner); err != nil {
			return 0, err
		}
		keys, err := tx.UserKeys(ctx, owner)
		if err != nil {
			return 0, err
		}
		if len(keys) >= MaxUserKeys {
			return 0, models.Conflict("", "the user has %d keys already; delete one first", MaxUserKeys)
		}
		key.SecretHash = hash
		err = tx.CreateUserKey(ctx, key)
		return key.ID, err
	})
	return key, secret, err
}

func keyOwner(actor *models.Actor, userID *int64) (int64, error) {
	switch {
	case actor == nil:
		return 0, models.Unauthenticated()
	case actor.Platform && userID == nil:
		return 0, models.Invalid("userId", "must be given with the platform's service key")
	case actor.Platform:
		return *userID, nil
	case actor.UserID == 0:
		return 0, actor.RequireUser()
	case userID != nil && *userID != actor.UserID:
		return 0, models.Forbidden("only the platform's service key may make keys for other users")
	default:
		return actor.UserID, nil
	}
}

// DeleteUserKey ends one of the actor's own keys. Sessions made with it live on.
func (s *Access) DeleteUserKey(ctx context.Context, actor *models.Actor, id int64) (*UserKey, error) {
	if err := actor.RequireUser(); err != nil {
		return nil, err
	}
	return s.store.DeleteUserKey(ctx, actor.UserID, id)
}

// CreateSession makes a session from a user key. Whichever part is wrong, the error is the same
// INCORRECT_USER_KEY_ID_OR_SECRET.
func (s *Access) CreateSession(
	ctx context.Context, userKeyID int64, secret models.Secret, name *string,
) (*Session, error) {
	if err := models.CheckOptionalName("name", name); err != nil {
		return nil, err
	}
	key, err := s.store.UserKey(ctx, userKeyID)
	if err != nil && models.ErrorCode(err) != models.CodeNotFound {
		return nil, err
	}
	if err != nil || !secret.Matches(key.SecretHash) {
		return nil, &models.Error{Code: models.CodeIncorrectUserKey, Message: "Incorrect user key ID or secret."}
	}
	return s.StartSession(ctx, key.UserID, name)
}

// StartSession makes a session without a key: for CreateSession, the demo tenant of the first start and the operator.
func (s *Access) StartSession(ctx context.Context, userID int64, name *string) (*Session, error) {
	session := s.newSession(userID, name)
	return session, s.inTx(ctx, func(tx AccessStore) error { return s.addSession(ctx, tx, session) })
}

func (s *Access) newSession(userID int64, name *string) *Session {
	token := models.NewToken(sessionTokenPrefix)
	at := s.now()
	return &Session{
		UserID: userID, TokenHash: token.Hash(), Name: name,
		CreatedAt: at, ExpiresAt: at.Add(SessionLifetime), LastUsedAt: at, Token: token,
	}
}

// addSession stores a session. Where the user has as many as the quota says, the least recently used one ends.
func (s *Access) addSession(ctx context.Context, tx AccessStore, session *Session) error {
	if most := s.rules.MaxSessions; most > 0 {
		if _, err := tx.LockUser(ctx, session.UserID); err != nil {
			return err
		}
		if err := tx.KeepSessions(ctx, session.UserID, most-1); err != nil {
			return err
		}
	}
	return tx.CreateSession(ctx, session)
}

// UserKeys returns the actor's keys, oldest first.
func (s *Access) UserKeys(ctx context.Context, actor *models.Actor) ([]*UserKey, error) {
	if err := actor.RequireUser(); err != nil {
		return nil, err
	}
	return s.store.UserKeys(ctx, actor.UserID)
}

// SessionPage lists the actor's sessions that have not expired, newest first.
func (s *Access) SessionPage(
	ctx context.Context, actor *models.Actor, page models.Page,
) (*models.PageOf[*Session], error) {
	if err := actor.RequireUser(); err != nil {
		return nil, err
	}
	sessions, err := s.store.SessionPage(ctx, actor.UserID, s.now(), page)
	if err != nil {
		return nil, err
	}
	for _, v := range sessions.Nodes {
		v.Current = actor.SessionToken.Matches(v.TokenHash)
	}
	return sessions, nil
}

// CountSessions counts what SessionPage lists.
func (s *Access) CountSessions(ctx context.Context, actor *models.Actor) (int, error) {
	if err := actor.RequireUser(); err != nil {
		return 0, err
	}
	return s.store.CountSessions(ctx, actor.UserID, s.now())
}

const (
	// sessionUse is how far LastUsedAt lags behind: one write an hour, and not one for each request.
	sessionUse = time.Hour
	// sessionUseTimeout: nobody waits long for it.
	sessionUseTimeout = time.Second
)

// noteUse writes down that a session is used, now and then. A request does not fail where that fails.
func (s *Access) noteUse(ctx context.Context, session *Session) {
	at := s.now()
	if at.Sub(session.LastUsedAt) < sessionUse {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, sessionUseTimeout)
	defer cancel()
	if err := s.store.UseSession(ctx, session.ID, at); err != nil {
		s.log.WarnContext(ctx, "session.use_not_noted", "error", err)
	}
}

// DeleteSession ends the session that the request came with.
func (s *Access) DeleteSession(ctx context.Context, actor *models.Actor) error {
	if err := actor.RequireSession(); err != nil {
		return err
	}
	if actor.UserID == 0 {
		return s.store.DeletePortalSession(ctx, actor.SessionToken.Hash())
	}
	return s.store.DeleteSession(ctx, actor.SessionToken.Hash())
}

// AuthenticateSession turns a session token into an actor. UNAUTHENTICATED when the token is unknown or expired.
func (s *Access) AuthenticateSession(ctx context.Context, token models.Secret) (*models.Actor, error) {
	session, err := s.store.SessionByToken(ctx, token.Hash())
	if err != nil {
		return nil, orUnauthenticated(err)
	}
	if !s.now().Before(session.ExpiresAt) {
		return nil, models.Unauthenticated()
	}
	s.noteUse(ctx, session)
	memberships, err := s.store.Memberships(ctx, session.UserID)
	if err != nil {
		return nil, err
	}
	roles := make(map[int64]models.Role, len(memberships))
	for _, m := range memberships {
		roles[m.AccountID] = m.Role
	}
	return &models.Actor{UserID: session.UserID, SessionToken: token, Roles: roles}, nil
}
