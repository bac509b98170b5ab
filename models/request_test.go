package models_test

import (
	"testing"

	"github.com/ringback/ringback/models"
)

func TestRequestIDTravelsInTheContext(t *testing.T) {
	t.Parallel()
	if got := models.RequestID(t.Context()); got != "" {
		t.Errorf("a context without a request has the id %q", got)
	}
	if got := models.RequestID(models.WithRequestID(t.Context(), "a")); got != "a" {
		t.Errorf("got %q", got)
	}
}
