package graph_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ringback/ringback/graph"
)

func TestARequestThatTookTooLongIsOneError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // less than the loaders wait
	defer cancel()
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(
		`{"query":"{ a: getProject(id: 123) { callbacks { nodes { uid } } } b: getProject(id: 123) { runs { nodes { uid } } } }"}`))
	r.Header.Set("Content-Type", "application/json")
	w.admin().sign(r)
	recorder := httptest.NewRecorder()
	graph.NewPatientHandler(w.service, slog.New(slog.DiscardHandler)).ServeHTTP(recorder, r.WithContext(ctx))
	if a := readAnswer(t, recorder); len(a.Errors) != 1 || a.code() != "TIMEOUT" || a.Data != nil {
		t.Error(a.Body)
	}
}
