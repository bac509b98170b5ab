package tenant_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func TestUserHasTwoKeysAtMost(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	var first *tenant.UserKey
	for range tenant.MaxUserKeys {
		key, secret, err := w.CreateUserKey(t.Context(), w.Viewer, nil)
		modelstest.NoError(t, err)
		if !secret.Matches(key.SecretHash) {
			t.Error("the stored hash is not the secret's")
		}
		first = key
	}
	_, _, err := w.CreateUserKey(t.Context(), w.Viewer, nil)
	modelstest.WantError(t, err, models.CodeConflict, "")
	_, _, err = w.CreateUserKey(t.Context(), w.Platform, &w.Viewer.UserID)
	modelstest.WantError(t, err, models.CodeConflict, "")

	_, err = w.DeleteUserKey(t.Context(), w.Viewer, first.ID)
	modelstest.NoError(t, err)
	_, _, err = w.CreateUserKey(t.Context(), w.Viewer, nil)
	modelstest.NoError(t, err)
}

func TestKeysMadeAtOnceAreTwoAtMost(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	var made, conflicts atomic.Int32
	modelstest.AtOnce(8, func(int) {
		switch _, _, err := w.CreateUserKey(t.Context(), w.Viewer, nil); {
		case err == nil:
			made.Add(1)
		case models.ErrorCode(err) == models.CodeConflict:
			conflicts.Add(1)
		default:
			t.Error(err)
		}
	})
	if made.Load() != tenant.MaxUserKeys || conflicts.Load() != 8-tenant.MaxUserKeys {
		t.Errorf("made %d, refused %d", made.Load(), conflicts.Load())
	}
}

func TestPlatformSaysForWhomItMakesAKey(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	_, _, err := w.CreateUserKey(t.Context(), w.Platform, nil)
	modelstest.WantError(t, err, models.CodeBadUserInput, "userId")
	_, _, err = w.CreateUserKey(t.Context(), w.Platform, new(int64(999)))
	modelstest.WantError(t, err, models.CodeNotFound, "")
	_, _, err = w.CreateUserKey(t.Context(), w.Viewer, &w.Viewer.UserID)
	modelstest.NoError(t, err)
}

func TestWrongKeyAndWrongSecretAreTheSameError(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	key, secret, err := w.CreateUserKey(t.Context(), w.Admin, nil)
	modelstest.NoError(t, err)
	other, otherSecret, err := w.CreateUserKey(t.Context(), w.Viewer, nil)
	modelstest.NoError(t, err)
	messages := map[string]bool{}
	try := func(id int64, secret models.Secret) {
		_, err := w.CreateSession(t.Context(), id, secret, nil)
		modelstest.WantError(t, err, models.CodeIncorrectUserKey, "")
		messages[err.Error()] = true
	}
	try(999, secret)
	try(key.ID, "wrong")
	try(key.ID, "")
	try(key.ID, otherSecret)
	_, err = w.DeleteUserKey(t.Context(), w.Viewer, other.ID)
	modelstest.NoError(t, err)
	try(other.ID, otherSecret)
	if len(messages) != 1 {
		t.Errorf("the messages tell the cases apart: %v", messages)
	}
}

func TestSessionWorksForThirtyDaysHoweverItIsUsed(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	key, secret, err := w.CreateUserKey(t.Context(), w.Admin, nil)
	modelstest.NoError(t, err)
	session, err := w.CreateSession(t.Context(), key.ID, secret, new("laptop"))
	modelstest.NoError(t, err)
	if got := session.ExpiresAt.Sub(modelstest.Start); got != 30*24*time.Hour {
		t.Errorf("it lasts %s", got)
	}
	w.Clock.Advance(tenant.SessionLifetime - time.Microsecond)
	actor, err := w.AuthenticateSession(t.Context(), session.Token)
	modelstest.NoError(t, err)
	if actor.Platform || actor.UserID != w.AdminUser.ID ||
		actor.RoleOn(w.Acme.ID) != models.RoleAdmin || actor.RoleOn(w.Other.ID) != "" {
		t.Errorf("got %+v", actor)
	}
	w.Clock.Advance(time.Microsecond)
	_, err = w.AuthenticateSession(t.Context(), session.Token)
	modelstest.WantError(t, err, models.CodeUnauthenticated, "")
}

func TestSessionEndsWithDeleteSessionButNotWithItsKey(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	key, secret, err := w.CreateUserKey(t.Context(), w.Admin, nil)
	modelstest.NoError(t, err)
	session, err := w.CreateSession(t.Context(), key.ID, secret, nil)
	modelstest.NoError(t, err)
	_, err = w.DeleteUserKey(t.Context(), w.Admin, key.ID)
	modelstest.NoError(t, err)
	actor, err := w.AuthenticateSession(t.Context(), session.Token)
	modelstest.NoError(t, err)
	if actor.SessionToken.Reveal() != session.Token.Reveal() {
		t.Error("the actor came with another session")
	}
	modelstest.NoError(t, w.DeleteSession(t.Context(), actor))
	_, err = w.AuthenticateSession(t.Context(), session.Token)
	modelstest.WantError(t, err, models.CodeUnauthenticated, "")
}

func TestCredentialsThatAreUnknownAreUnauthenticated(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for _, token := range []models.Secret{"", "rbs_unknown"} {
		_, err := w.AuthenticateSession(t.Context(), token)
		modelstest.WantError(t, err, models.CodeUnauthenticated, "")
	}
	// Without a platform key, no key is one; not even the empty one.
	for _, key := range []models.Secret{"", "rbp_unknown", "rbj_unknown"} {
		_, err := w.AuthenticateKey(t.Context(), key)
		modelstest.WantError(t, err, models.CodeUnauthenticated, "")
	}
	key := tenant.NewPlatformKey()
	w.AccessRules.PlatformKeyHash = key.Hash()
	w.Configure()
	_, err := w.AuthenticateKey(t.Context(), "rbp_unknown")
	modelstest.WantError(t, err, models.CodeUnauthenticated, "")
	actor, err := w.AuthenticateKey(t.Context(), key)
	modelstest.NoError(t, err)
	if !actor.Platform {
		t.Error("the platform's key is not the platform")
	}
}

func TestServiceKeyHasNoSessionOrKeysOfItsOwn(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	err := w.DeleteSession(t.Context(), w.Platform)
	modelstest.WantError(t, err, models.CodeForbidden, "")
	err = w.DeleteSession(t.Context(), nil)
	modelstest.WantError(t, err, models.CodeUnauthenticated, "")
	_, err = w.CreateSession(t.Context(), 1, "x", new(""))
	modelstest.WantError(t, err, models.CodeBadUserInput, "name")
}

func TestUserSeesItselfOnly(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	_, err := w.User(t.Context(), w.Viewer, w.Viewer.UserID)
	modelstest.NoError(t, err)
	_, err = w.User(t.Context(), w.Viewer, w.AdminUser.ID)
	modelstest.WantError(t, err, models.CodeNotFound, "")
	_, err = w.CallbackByUID(t.Context(), w.Viewer.Scope(models.RoleViewer), "no uuid")
	modelstest.WantError(t, err, models.CodeBadUserInput, "uid")
}
