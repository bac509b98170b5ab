package models_test

import (
	"testing"

	"github.com/ringback/ringback/models"
)

func TestOfAnExecutorsAnswerTheStatusStays(t *testing.T) {
	t.Parallel()
	answered := map[string]any{"http_status": 422.0}
	for _, test := range []struct {
		of   *models.StandardError
		told string
	}{
		{&models.StandardError{Message: "Ada?", Label: models.LabelBadInput, Scope: models.ScopeExecutor, Params: answered}, "The executor answered with the status 422"},
		{&models.StandardError{Message: "Ada?", Label: "STATUS_422", Scope: models.ScopeExecutor, Params: answered}, "The executor answered with the status 422"},
		{&models.StandardError{Message: "No results", Label: models.LabelNoResult, Scope: models.ScopeExecutor, Params: answered}, "No results"},
		{&models.StandardError{Message: "No answer", Label: models.LabelMaxRetry, Scope: models.ScopeExecutor}, "No answer"},
		{&models.StandardError{Message: "Too many", Label: models.LabelLimitReached, Scope: models.ScopeRingback}, "Too many"},
	} {
		before := *test.of
		if got := test.of.Redacted(); got.Message != test.told || got.Label != before.Label || test.of.Message != before.Message {
			t.Errorf("of %+v: %+v", before, got)
		}
	}
	if (*models.StandardError)(nil).Redacted() != nil {
		t.Error("of none there is one")
	}
}
