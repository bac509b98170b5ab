package tenant

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

const (
	// LoginCodeLifetime is how long a login code works after it was made.
	LoginCodeLifetime = 10 * time.Minute
	// MaxLoginCodes is how many codes a user can have at a time; beyond it the oldest works no longer.
	MaxLoginCodes = 5
)

// LoginCode makes one session of a user, once: it stands in a link that somebody opens.
type LoginCode struct {
	UserID    int64
	CodeHash  []byte
	CreatedAt time.Time
	ExpiresAt time.Time
	// Code is set when it is made; it is stored nowhere.
	Code models.Secret
}

// LoginCodeStore is the database as login codes need it.
type LoginCodeStore interface {
	CreateLoginCode(ctx context.Context, c *LoginCode) error
	// KeepLoginCodes deletes all login codes of a user but so many, the newest.
	KeepLoginCodes(ctx context.Context, userID int64, most int) error
	// DeleteLoginCode deletes a code, expired or not, and returns what it was.
	DeleteLoginCode(ctx context.Context, codeHash []byte) (*LoginCode, error)
}

// CreateLoginCode makes a code for a user. It is for whoever runs Ringback: no door of the API leads here.
// ENTITY_NOT_FOUND when there is no such user.
func (s *Access) CreateLoginCode(ctx context.Context, userID int64) (*LoginCode, error) {
	text, at := models.NewToken(loginCodePrefix), s.now()
	code := &LoginCode{
		UserID: userID, CodeHash: text.Hash(), CreatedAt: at, ExpiresAt: at.Add(LoginCodeLifetime), Code: text,
	}
	return code, s.inTx(ctx, func(tx AccessStore) error {
		if _, err := tx.LockUser(ctx, userID); err != nil {
			return err
		}
		if err := tx.KeepLoginCodes(ctx, userID, MaxLoginCodes-1); err != nil {
			return err
		}
		return tx.CreateLoginCode(ctx, code)
	})
}

// CreateSessionUsingLoginCode makes a session from a login code, which works no longer then. A code that is unknown,
// used or too old is INCORRECT_LOGIN_CODE; which of them is not told.
func (s *Access) CreateSessionUsingLoginCode(ctx context.Context, code models.Secret) (*Session, error) {
	var session *Session
	err := s.inTx(ctx, func(tx AccessStore) error {
		found, err := tx.DeleteLoginCode(ctx, code.Hash())
		if models.ErrorCode(err) == models.CodeNotFound || err == nil && !s.now().Before(found.ExpiresAt) {
			return &models.Error{
				Code: models.CodeIncorrectLoginCode,
				Message: "Incorrect login code: it works once, for 10 minutes. Ask whoever runs the server for a new link, which " +
					"the command login-link prints.",
			}
		}
		if err != nil {
			return err
		}
		session = s.newSession(found.UserID, new("login link"))
		return s.addSession(ctx, tx, session)
	})
	return session, err
}
