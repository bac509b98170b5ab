package graph

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/ringback/ringback/models"
)

// MaxTokens is the limit on a document.
const MaxTokens = maxTokens

// NewPatientHandler is NewHandler with loaders that wait for siblings on the busiest machine, so that statements can be counted.
func NewPatientHandler(service *models.Service, log *slog.Logger) http.Handler {
	return (&handler{service: service, log: log, wait: 300 * time.Millisecond}).serve("")
}
