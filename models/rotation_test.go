package models_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

func (w *world) rotate(expireOldAfter time.Duration) *models.SigningSecret {
	w.t.Helper()
	p, secret, err := w.RotateSigningSecret(w.t.Context(), w.admin, w.project.ID, expireOldAfter)
	noError(w.t, err)
	if p.ID != w.project.ID {
		w.t.Errorf("got project %d", p.ID)
	}
	return secret
}

// live are the project's secrets that sign now.
func (w *world) live() []*models.SigningSecret {
	w.t.Helper()
	secrets, err := w.ProjectSigningSecrets(w.t.Context(), w.admin, w.project.ID)
	noError(w.t, err)
	return secrets[w.project.ID]
}

// wantSigners checks by the official library that of the secrets exactly the wanted ones sign a new delivery.
func (w *world) wantSigners(when string, all []*models.SigningSecret, want ...*models.SigningSecret) {
	w.t.Helper()
	d := w.claim(w.raised().ID)
	h, err := d.Headers("Ringback/test", w.clock.now())
	noError(w.t, err)
	for i, secret := range all {
		err := verify(w.t, secret, d.Callback.Ref.String(), w.clock.now(), h.Get("webhook-signature"), d.Callback.Body)
		if signs := err == nil; signs != slices.Contains(want, secret) {
			w.t.Errorf("%s: secret %d signs: %t", when, i, signs)
		}
	}
	w.record(d, answered(200))
}

func TestOldAndNewSecretBothSignUntilTheOldOneExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	previous := w.live()[0]
	current := w.rotate(time.Hour)
	all := []*models.SigningSecret{previous, current}
	if got := w.live(); len(got) != 2 || got[0].ID != current.ID || got[0].ExpiresAt != nil || !got[1].ExpiresAt.Equal(start.Add(time.Hour)) {
		t.Errorf("got %+v", got)
	}
	w.wantSigners("at once", all, previous, current)
	w.clock.advance(time.Hour - time.Microsecond)
	w.wantSigners("just before", all, previous, current)
	w.clock.advance(time.Microsecond)
	w.wantSigners("when it has expired", all, current)
}

func TestRotationWithoutGraceEndsTheOldSecretAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	previous := w.live()[0]
	current := w.rotate(0)
	w.wantSigners("at once", []*models.SigningSecret{previous, current}, current)
}

func TestRotationNeverMakesASecretLiveLonger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	previous := w.live()[0]
	second := w.rotate(time.Hour)
	third := w.rotate(24 * time.Hour)
	all := []*models.SigningSecret{previous, second, third}
	w.wantSigners("at once", all, previous, second, third)
	w.clock.advance(time.Hour)
	w.wantSigners("after the first rotation's hour", all, second, third)
	w.clock.advance(23 * time.Hour)
	w.wantSigners("after the second's day", all, third)
}

func TestRotationCanHurryAnExpiryThatIsFarAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	previous := w.live()[0]
	second := w.rotate(models.MaxExpireOldAfter)
	third := w.rotate(0) // the second leaked
	w.wantSigners("at once", []*models.SigningSecret{previous, second, third}, third)
}

func TestRotationIsTheProjectsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.newProject(w.account, new(projectURL))
	w.rotate(0)
	secrets, err := w.ProjectSigningSecrets(t.Context(), w.admin, other.ID)
	noError(t, err)
	if got := secrets[other.ID]; len(got) != 1 || got[0].ExpiresAt != nil {
		t.Errorf("another project's: %+v", got)
	}
	w.deliver(w.raised().ID, answered(410))
	if got := w.claim(w.notices()[0].ID).Secrets(); len(got) != 1 || got[0].ExpiresAt != nil {
		t.Errorf("the SSO client's: %+v", got)
	}
}

func TestSixthLiveSecretIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 4 { // with the project's first
		w.rotate(time.Hour)
	}
	for _, after := range []time.Duration{0, time.Hour} {
		_, _, err := w.RotateSigningSecret(t.Context(), w.admin, w.project.ID, after)
		wantError(t, err, models.CodeConflict, "projectId")
	}
	if got := w.live(); len(got) != 5 || got[0].ExpiresAt != nil {
		t.Errorf("the refused rotation changed something: %+v", got)
	}
	w.clock.advance(time.Hour)
	w.rotate(time.Hour)
}

func TestRotationsAtOnceCannotMakeASixth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var made, conflicts atomic.Int32
	atOnce(8, func(int) {
		switch _, _, err := w.RotateSigningSecret(t.Context(), w.admin, w.project.ID, time.Hour); {
		case err == nil:
			made.Add(1)
		case models.ErrorCode(err) == models.CodeConflict:
			conflicts.Add(1)
		default:
			t.Error(err)
		}
	})
	if made.Load() != 4 || conflicts.Load() != 4 || len(w.live()) != 5 {
		t.Errorf("made %d, refused %d, live %d", made.Load(), conflicts.Load(), len(w.live()))
	}
}

func TestRotationExpiresTheOldWithinThirtyDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, after := range []time.Duration{-time.Microsecond, models.MaxExpireOldAfter + time.Microsecond} {
		_, _, err := w.RotateSigningSecret(t.Context(), w.admin, w.project.ID, after)
		wantError(t, err, models.CodeBadUserInput, "expireOldAfter")
	}
	w.rotate(models.MaxExpireOldAfter)
}

func TestRotationOfADeletedProjectIsNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.DeleteProject(t.Context(), w.admin, w.project.ID)
	noError(t, err)
	_, _, err = w.RotateSigningSecret(t.Context(), w.admin, w.project.ID, time.Hour)
	wantError(t, err, models.CodeNotFound, "")
}
