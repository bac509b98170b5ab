package callback_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

func rotate(w *modelstest.World, expireOldAfter time.Duration) *tenant.SigningSecret {
	w.T.Helper()
	p, secret, err := w.RotateSigningSecret(w.T.Context(), w.Admin, w.Shop.ID, expireOldAfter)
	modelstest.NoError(w.T, err)
	if p.ID != w.Shop.ID {
		w.T.Errorf("got project %d", p.ID)
	}
	return secret
}

// signingNow are the project's secrets that sign now.
func signingNow(w *modelstest.World) []*tenant.SigningSecret {
	w.T.Helper()
	secrets, err := w.ProjectSigningSecrets(w.T.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(w.T, err)
	return secrets[w.Shop.ID]
}

// wantSigners checks by the official library that of the secrets exactly the wanted ones sign a new delivery.
func wantSigners(w *modelstest.World, when string, all []*tenant.SigningSecret, want ...*tenant.SigningSecret) {
	w.T.Helper()
	d := w.MustClaim(w.NewCallback().ID)
	h, err := d.Headers("Ringback/test", w.Clock.Now())
	modelstest.NoError(w.T, err)
	for i, secret := range all {
		err := modelstest.VerifySignature(
			w.T, secret, d.Callback.Ref.String(), w.Clock.Now(), h.Get("webhook-signature"), d.Callback.Body,
		)
		if signs := err == nil; signs != slices.Contains(want, secret) {
			w.T.Errorf("%s: secret %d signs: %t", when, i, signs)
		}
	}
	w.MustSettle(d, modelstest.Answered(200))
}

func TestOldAndNewSecretBothSignUntilTheOldOneExpires(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	previous := signingNow(w)[0]
	current := rotate(w, time.Hour)
	all := []*tenant.SigningSecret{previous, current}
	if got := signingNow(w); len(got) != 2 || got[0].ID != current.ID || got[0].ExpiresAt != nil ||
		!got[1].ExpiresAt.Equal(modelstest.Start.Add(time.Hour)) {
		t.Errorf("got %+v", got)
	}
	wantSigners(w, "at once", all, previous, current)
	w.Clock.Advance(time.Hour - time.Microsecond)
	wantSigners(w, "just before", all, previous, current)
	w.Clock.Advance(time.Microsecond)
	wantSigners(w, "when it has expired", all, current)
}

func TestRotationWithoutGraceEndsTheOldSecretAtOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	previous := signingNow(w)[0]
	current := rotate(w, 0)
	wantSigners(w, "at once", []*tenant.SigningSecret{previous, current}, current)
}

func TestRotationNeverMakesASecretLiveLonger(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	previous := signingNow(w)[0]
	second := rotate(w, time.Hour)
	third := rotate(w, 24*time.Hour)
	all := []*tenant.SigningSecret{previous, second, third}
	wantSigners(w, "at once", all, previous, second, third)
	w.Clock.Advance(time.Hour)
	wantSigners(w, "after the first rotation's hour", all, second, third)
	w.Clock.Advance(23 * time.Hour)
	wantSigners(w, "after the second's day", all, third)
}

func TestRotationCanHurryAnExpiryThatIsFarAway(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	previous := signingNow(w)[0]
	second := rotate(w, tenant.MaxExpireOldAfter)
	third := rotate(w, 0) // the second leaked
	wantSigners(w, "at once", []*tenant.SigningSecret{previous, second, third}, third)
}

func TestRotationIsTheProjectsOwn(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	other := w.NewProject(w.Acme, new(modelstest.ProjectURL))
	rotate(w, 0)
	secrets, err := w.ProjectSigningSecrets(t.Context(), w.Admin, other.ID)
	modelstest.NoError(t, err)
	if got := secrets[other.ID]; len(got) != 1 || got[0].ExpiresAt != nil {
		t.Errorf("another project's: %+v", got)
	}
	w.Deliver(w.NewCallback().ID, modelstest.Answered(410))
	if got := w.MustClaim(w.Notices()[0].ID).Secrets(); len(got) != 1 || got[0].ExpiresAt != nil {
		t.Errorf("the SSO client's: %+v", got)
	}
}

func TestSixthLiveSecretIsAConflict(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for range 4 { // with the project's first
		rotate(w, time.Hour)
	}
	for _, after := range []time.Duration{0, time.Hour} {
		_, _, err := w.RotateSigningSecret(t.Context(), w.Admin, w.Shop.ID, after)
		modelstest.WantError(t, err, models.CodeConflict, "projectId")
	}
	if got := signingNow(w); len(got) != 5 || got[0].ExpiresAt != nil {
		t.Errorf("the refused rotation changed something: %+v", got)
	}
	w.Clock.Advance(time.Hour)
	rotate(w, time.Hour)
}

func TestRotationsAtOnceCannotMakeASixth(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	var made, conflicts atomic.Int32
	modelstest.AtOnce(8, func(int) {
		switch _, _, err := w.RotateSigningSecret(t.Context(), w.Admin, w.Shop.ID, time.Hour); {
		case err == nil:
			made.Add(1)
		case models.ErrorCode(err) == models.CodeConflict:
			conflicts.Add(1)
		default:
			t.Error(err)
		}
	})
	if made.Load() != 4 || conflicts.Load() != 4 || len(signingNow(w)) != 5 {
		t.Errorf("made %d, refused %d, live %d", made.Load(), conflicts.Load(), len(signingNow(w)))
	}
}

func TestRotationExpiresTheOldWithinThirtyDays(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for _, after := range []time.Duration{-time.Microsecond, tenant.MaxExpireOldAfter + time.Microsecond} {
		_, _, err := w.RotateSigningSecret(t.Context(), w.Admin, w.Shop.ID, after)
		modelstest.WantError(t, err, models.CodeBadUserInput, "expireOldAfter")
	}
	rotate(w, tenant.MaxExpireOldAfter)
}

func TestRotationOfADeletedProjectIsNotFound(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	_, err := w.DeleteProject(t.Context(), w.Admin, w.Shop.ID)
	modelstest.NoError(t, err)
	_, _, err = w.RotateSigningSecret(t.Context(), w.Admin, w.Shop.ID, time.Hour)
	modelstest.WantError(t, err, models.CodeNotFound, "")
}
