package models_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ringback/ringback/models"
)

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
