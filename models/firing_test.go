package models_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback/ringback/models"
)

// silentStore is a database whose transactions end with their contexts alone.
type silentStore struct{ models.Store }

func (silentStore) InTx(ctx context.Context, _ func(models.Store) error) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestFiringThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := models.NewService(silentStore{}, nil, models.Rules{}, slog.New(slog.DiscardHandler))
		begun := time.Now()
		fired, err := s.FireSchedules(t.Context())
		if took := time.Since(begun); fired != 0 || !errors.Is(err, context.DeadlineExceeded) || took != 5*time.Second {
			t.Errorf("%d fired after %s: %v", fired, took, err)
		}
	})
}
