package tenant_test

import (
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

// newLoginCode makes a code for a user.
func newLoginCode(t *testing.T, w *modelstest.World, userID int64) models.Secret {
	t.Helper()
	code, err := w.CreateLoginCode(t.Context(), userID)
	modelstest.NoError(t, err)
	return code.Code
}

func wantWrongCode(t *testing.T, w *modelstest.World, code models.Secret) (message string) {
	t.Helper()
	_, err := w.CreateSessionUsingLoginCode(t.Context(), code)
	modelstest.WantError(t, err, models.CodeIncorrectLoginCode, "")
	return err.Error()
}

func TestLoginCodeMakesOneSession(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	code := newLoginCode(t, w, w.AdminUser.ID)
	session, err := w.CreateSessionUsingLoginCode(t.Context(), code)
	modelstest.NoError(t, err)
	if got := session.ExpiresAt.Sub(modelstest.Start); got != tenant.SessionLifetime {
		t.Errorf("its session lasts %s", got)
	}
	actor, err := w.AuthenticateSession(t.Context(), session.Token)
	modelstest.NoError(t, err)
	if actor.UserID != w.AdminUser.ID || actor.RoleOn(w.Acme.ID) != models.RoleAdmin {
		t.Errorf("got %+v", actor)
	}
	wantWrongCode(t, w, code)
}

func TestLoginCodeWorksForTenMinutes(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	made, err := w.CreateLoginCode(t.Context(), w.AdminUser.ID)
	modelstest.NoError(t, err)
	if got := made.ExpiresAt.Sub(modelstest.Start); got != 10*time.Minute {
		t.Errorf("it lasts %s", got)
	}
	late := newLoginCode(t, w, w.AdminUser.ID)
	w.Clock.Advance(tenant.LoginCodeLifetime - time.Microsecond)
	_, err = w.CreateSessionUsingLoginCode(t.Context(), made.Code)
	modelstest.NoError(t, err)
	w.Clock.Advance(time.Microsecond)
	wantWrongCode(t, w, late)
}

func TestWrongLoginCodesAreNotToldApart(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	used, old := newLoginCode(t, w, w.AdminUser.ID), newLoginCode(t, w, w.AdminUser.ID)
	_, err := w.CreateSessionUsingLoginCode(t.Context(), used)
	modelstest.NoError(t, err)
	w.Clock.Advance(tenant.LoginCodeLifetime)
	messages := map[string]bool{}
	for _, code := range []models.Secret{"", "rbl_unknown", used, old} {
		messages[wantWrongCode(t, w, code)] = true
	}
	if len(messages) != 1 {
		t.Errorf("the messages tell the cases apart: %v", messages)
	}
}

func TestSixthLoginCodeEndsTheOldest(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	of := newLoginCode(t, w, w.Viewer.UserID) // somebody else's counts for itself
	codes := make([]models.Secret, tenant.MaxLoginCodes+1)
	for i := range codes {
		codes[i] = newLoginCode(t, w, w.AdminUser.ID)
		w.Clock.Advance(time.Second)
	}
	wantWrongCode(t, w, codes[0])
	for _, code := range append(codes[1:], of) {
		_, err := w.CreateSessionUsingLoginCode(t.Context(), code)
		modelstest.NoError(t, err)
	}
	_, err := w.CreateLoginCode(t.Context(), 999)
	modelstest.WantError(t, err, models.CodeNotFound, "")
}

func TestLoginCodeUsedEightTimesAtOnceMakesOneSession(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	code := newLoginCode(t, w, w.AdminUser.ID)
	before, err := w.CountSessions(t.Context(), w.Admin)
	modelstest.NoError(t, err)
	errs := make([]error, 8)
	modelstest.AtOnce(len(errs), func(i int) { _, errs[i] = w.CreateSessionUsingLoginCode(t.Context(), code) })
	good := 0
	for _, err := range errs {
		if err == nil {
			good++
			continue
		}
		modelstest.WantError(t, err, models.CodeIncorrectLoginCode, "")
	}
	after, err := w.CountSessions(t.Context(), w.Admin)
	modelstest.NoError(t, err)
	if good != 1 || after != before+1 {
		t.Errorf("%d calls were good, and there are %d sessions more", good, after-before)
	}
}

func TestExpiredLoginCodesArePurged(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	newLoginCode(t, w, w.AdminUser.ID)
	w.Clock.Advance(tenant.LoginCodeLifetime)
	keep := callback.Retention{Rows: modelstest.Retention}
	if gone := w.MustPurge(keep); gone["login_codes"] != 0 {
		t.Errorf("one that has not expired went: %v", gone)
	}
	fresh := newLoginCode(t, w, w.AdminUser.ID)
	w.Clock.Advance(time.Microsecond)
	if gone := w.MustPurge(keep); gone["login_codes"] != 1 {
		t.Errorf("purged %v", gone)
	}
	_, err := w.CreateSessionUsingLoginCode(t.Context(), fresh)
	modelstest.NoError(t, err)
}
