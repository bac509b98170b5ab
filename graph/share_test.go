package graph_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
)

// slowReader takes nothing of an answer until it is let.
type slowReader struct {
	*httptest.ResponseRecorder
	asked, let chan struct{}
}

func (s *slowReader) Write(p []byte) (int, error) {
	select {
	case s.asked <- struct{}{}:
	default:
	}
	<-s.let
	return s.ResponseRecorder.Write(p)
}

func TestSlowReadersOfOneAccountLeaveOthersTheirPlaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text := quote(strings.Repeat("x", 512<<10))
	for _, project := range []int64{demoProject, otherProject} {
		w.job(job.NewJobs{ProjectID: project, Metadata: []byte(`{"text":` + text + `}`)})
	}
	// 192 MiB: a quarter of it are 4 places for 1 MiB, at three times its size, and 3 for 4 MiB. An account has one of each.
	w.handler = identified(
		graph.NewHandler(w.service, models.NewAnswers(4<<20, 192<<20), testVersion, slog.New(slog.DiscardHandler)),
	)
	const ask = `{ getProject(id: 1123123) { jobs(first: 1) { nodes { metadata } } } }`
	of := func(who caller, query string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query":`+quote(query)+`}`))
		r.Header.Set("Content-Type", "application/json")
		who.sign(r)
		return r
	}
	slow := &slowReader{httptest.NewRecorder(), make(chan struct{}, 1), make(chan struct{})}
	ended := make(chan struct{})
	request := of(w.admin(), ask)
	go func() { defer close(ended); w.handler.ServeHTTP(slow, request) }()
	modelstest.Receive(t, "the answer is made", slow.asked)
	if a := w.do(w.viewer(), ask, nil); a.code() != string(models.CodeRateLimited) || !strings.Contains(a.Body, "your account") {
		t.Errorf("another of the account: %.300s", a.Body)
	}
	w.ok(w.other(), strings.Replace(ask, "1123123", "200", 1), nil)
	w.ok(platform(), ask, nil)
	close(slow.let)
	modelstest.Receive(t, "it is read", ended)
	w.ok(w.viewer(), ask, nil)
}
