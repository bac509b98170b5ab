package models_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

func TestUserHasTwoKeysAtMost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var first *models.UserKey
	for range models.MaxUserKeys {
		key, secret, err := w.CreateUserKey(t.Context(), w.viewer, nil)
		noError(t, err)
		if !secret.Matches(key.SecretHash) {
			t.Error("the stored hash is not the secret's")
		}
		first = key
	}
	_, _, err := w.CreateUserKey(t.Context(), w.viewer, nil)
	wantError(t, err, models.CodeConflict, "")
	_, _, err = w.CreateUserKey(t.Context(), w.platform, &w.viewer.User.ID)
	wantError(t, err, models.CodeConflict, "")

	_, err = w.DeleteUserKey(t.Context(), w.viewer, first.ID)
	noError(t, err)
	_, _, err = w.CreateUserKey(t.Context(), w.viewer, nil)
	noError(t, err)
}

func TestKeysMadeAtOnceAreTwoAtMost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var made, conflicts atomic.Int32
	atOnce(8, func(int) {
		switch _, _, err := w.CreateUserKey(t.Context(), w.viewer, nil); {
		case err == nil:
			made.Add(1)
		case models.ErrorCode(err) == models.CodeConflict:
			conflicts.Add(1)
		default:
			t.Error(err)
		}
	})
	if made.Load() != models.MaxUserKeys || conflicts.Load() != 8-models.MaxUserKeys {
		t.Errorf("made %d, refused %d", made.Load(), conflicts.Load())
	}
}

func TestPlatformSaysForWhomItMakesAKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.CreateUserKey(t.Context(), w.platform, nil)
	wantError(t, err, models.CodeBadUserInput, "userId")
	_, _, err = w.CreateUserKey(t.Context(), w.platform, new(int64(999)))
	wantError(t, err, models.CodeNotFound, "")
	_, _, err = w.CreateUserKey(t.Context(), w.viewer, &w.viewer.User.ID)
	noError(t, err)
}

func TestWrongKeyAndWrongSecretAreTheSameError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, secret, err := w.CreateUserKey(t.Context(), w.admin, nil)
	noError(t, err)
	other, otherSecret, err := w.CreateUserKey(t.Context(), w.viewer, nil)
	noError(t, err)
	messages := map[string]bool{}
	try := func(id int64, secret models.Secret) {
		_, err := w.CreateSession(t.Context(), id, secret, nil)
		wantError(t, err, models.CodeIncorrectUserKey, "")
		messages[err.Error()] = true
	}
	try(999, secret)
	try(key.ID, "wrong")
	try(key.ID, "")
	try(key.ID, otherSecret)
	_, err = w.DeleteUserKey(t.Context(), w.viewer, other.ID)
	noError(t, err)
	try(other.ID, otherSecret)
	if len(messages) != 1 {
		t.Errorf("the messages tell the cases apart: %v", messages)
	}
}

func TestSessionWorksForThirtyDaysHoweverItIsUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, secret, err := w.CreateUserKey(t.Context(), w.admin, nil)
	noError(t, err)
	session, err := w.CreateSession(t.Context(), key.ID, secret, new("laptop"))
	noError(t, err)
	if got := session.ExpiresAt.Sub(start); got != 30*24*time.Hour {
		t.Errorf("it lasts %s", got)
	}
	w.clock.advance(models.SessionLifetime - time.Microsecond)
	actor, err := w.AuthenticateSession(t.Context(), session.Token)
	noError(t, err)
	if actor.Platform || actor.User.ID != w.user.ID || actor.RoleOn(w.account.ID) != models.RoleAdmin || actor.RoleOn(w.other.ID) != "" {
		t.Errorf("got %+v", actor)
	}
	w.clock.advance(time.Microsecond)
	_, err = w.AuthenticateSession(t.Context(), session.Token)
	wantError(t, err, models.CodeUnauthenticated, "")
}

func TestSessionEndsWithDeleteSessionButNotWithItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, secret, err := w.CreateUserKey(t.Context(), w.admin, nil)
	noError(t, err)
	session, err := w.CreateSession(t.Context(), key.ID, secret, nil)
	noError(t, err)
	_, err = w.DeleteUserKey(t.Context(), w.admin, key.ID)
	noError(t, err)
	actor, err := w.AuthenticateSession(t.Context(), session.Token)
	noError(t, err)
	ended, err := w.DeleteSession(t.Context(), actor)
	noError(t, err)
	if ended.Token.Reveal() != session.Token.Reveal() {
		t.Error("another token came back")
	}
	_, err = w.AuthenticateSession(t.Context(), session.Token)
	wantError(t, err, models.CodeUnauthenticated, "")
}

func TestCredentialsThatAreUnknownAreUnauthenticated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, token := range []models.Secret{"", "rbs_unknown"} {
		_, err := w.AuthenticateSession(t.Context(), token)
		wantError(t, err, models.CodeUnauthenticated, "")
	}
	// Without a platform key, no key is one; not even the empty one.
	for _, key := range []models.Secret{"", "rbp_unknown", "rbj_unknown"} {
		_, err := w.AuthenticateKey(t.Context(), key)
		wantError(t, err, models.CodeUnauthenticated, "")
	}
	key := models.NewPlatformKey()
	w.rules.PlatformKeyHash = key.Hash()
	w.configure()
	_, err := w.AuthenticateKey(t.Context(), "rbp_unknown")
	wantError(t, err, models.CodeUnauthenticated, "")
	actor, err := w.AuthenticateKey(t.Context(), key)
	noError(t, err)
	if !actor.Platform {
		t.Error("the platform's key is not the platform")
	}
}

func TestServiceKeyHasNoSessionOrKeysOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.DeleteSession(t.Context(), w.platform)
	wantError(t, err, models.CodeForbidden, "")
	_, err = w.DeleteSession(t.Context(), nil)
	wantError(t, err, models.CodeUnauthenticated, "")
	_, err = w.CreateSession(t.Context(), 1, "x", new(""))
	wantError(t, err, models.CodeBadUserInput, "name")
}

func TestUserSeesItselfOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.User(t.Context(), w.viewer, w.viewer.User.ID)
	noError(t, err)
	_, err = w.User(t.Context(), w.viewer, w.user.ID)
	wantError(t, err, models.CodeNotFound, "")
	_, err = w.CallbackByUID(t.Context(), w.viewer, "no uuid")
	wantError(t, err, models.CodeBadUserInput, "uid")
}
