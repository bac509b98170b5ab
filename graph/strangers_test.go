package graph_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/99designs/gqlgen/graphql"

	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models"
)

// patient is a server whose answers wait until they may come.
type patient struct {
	*tree
	begun  chan struct{}
	answer chan struct{}
}

func (p patient) Exec(context.Context) graphql.ResponseHandler {
	p.begun <- struct{}{}
	<-p.answer
	return graphql.OneShot(&graphql.Response{Data: []byte("{}")})
}

func TestFewStrangersAreServedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := patient{newTree(), make(chan struct{}, 3*graph.MaxStrangers), make(chan struct{})}
		strangers, known := graph.NewStrangersHandler(p), graph.NewSchemaHandler(p)
		send := func(group *sync.WaitGroup, to http.Handler) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(
				t.Context(), http.MethodPost, "/graphql", strings.NewReader(`{"query":"{ node { name } }"}`),
			)
			r.Header.Set("Content-Type", "application/json")
			group.Go(func() { to.ServeHTTP(w, r) })
			return w
		}
		var served, refused sync.WaitGroup
		for range graph.MaxStrangers {
			send(&served, strangers)
		}
		synctest.Wait()
		w := send(&refused, strangers)
		refused.Wait() // none of the others ends before this one gives up
		if a := readAnswer(t, w); a.code() != "RATE_LIMITED" || a.Status != http.StatusTooManyRequests ||
			a.Header.Get("Retry-After") != "1" {
			t.Errorf("one more: %d %s", a.Status, a.Body)
		}
		late, caller := send(&served, strangers), send(&served, known)
		synctest.Wait()
		if n := len(p.begun); n != graph.MaxStrangers+1 {
			t.Errorf("%d have begun", n)
		}
		close(p.answer)
		served.Wait()
		if late.Code != http.StatusOK || caller.Code != http.StatusOK {
			t.Errorf("one that waited: %d; one with credentials: %d", late.Code, caller.Code)
		}
	})
}

// unwanted is a body that nobody should read.
type unwanted struct{ t *testing.T }

func (u unwanted) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, context.Canceled
}

func TestNothingIsReadOfABodyThatIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, tc := range map[string]struct {
		who    caller
		size   int64
		status int
	}{
		"a wrong key":             {caller{"x-api-key", "rbp_wrong"}, 100, http.StatusUnauthorized},
		"a wrong token":           {caller{"x-auth-token", "rbs_wrong"}, -1, http.StatusUnauthorized},
		"a large one":             {platform(), models.MaxBodyBytes + 1, http.StatusRequestEntityTooLarge},
		"a large one, a stranger": {caller{}, graph.MaxStrangersBytes + 1, http.StatusRequestEntityTooLarge},
	} {
		r := httptest.NewRequest(http.MethodPost, "/graphql", unwanted{t})
		r.ContentLength = tc.size
		r.Header.Set("Content-Type", "application/json")
		tc.who.sign(r)
		if a := w.send(r); a.Status != tc.status {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
}
