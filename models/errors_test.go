package models_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ringback/ringback/models"
)

// wantError checks the two parts of an error that callers program against: its code and its field.
func wantError(t *testing.T, err error, code models.Code, field string) {
	t.Helper()
	var e *models.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want %s", err, code)
	}
	if e.Code != code || e.Field != field {
		t.Fatalf("got %s on field %q (%v), want %s on %q", e.Code, e.Field, err, code, field)
	}
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestErrorCodeIsFoundThroughWrappingAndElseInternal(t *testing.T) {
	t.Parallel()
	wrapped := fmt.Errorf("somewhere: %w", models.NotFound(models.TypeCrawl))
	if got := models.ErrorCode(wrapped); got != models.CodeNotFound {
		t.Errorf("wrapped: got %s", got)
	}
	if got := models.ErrorCode(errors.New("disk full")); got != models.CodeInternal {
		t.Errorf("unknown: got %s", got)
	}
}
