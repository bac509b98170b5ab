package rest_test

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/rest"
)

var loadDocument = sync.OnceValues(func() (*openapi3.T, error) {
	openapi3.DefineStringFormatValidator("uuid", openapi3.NewCallbackValidator(uuid.Validate))
	return openapi3.NewLoader().LoadFromData(rest.Document())
})

var newRouter = sync.OnceValues(func() (routers.Router, error) {
	loaded, err := loadDocument()
	if err != nil {
		return nil, err
	}
	return gorillamux.NewRouter(loaded)
})

func document(tb testing.TB) *openapi3.T {
	tb.Helper()
	loaded, err := loadDocument()
	modelstest.NoError(tb, err)
	return loaded
}

func router(tb testing.TB) routers.Router {
	tb.Helper()
	router, err := newRouter()
	modelstest.NoError(tb, err)
	return router
}

// operation is one of the document.
type operation struct {
	*openapi3.Operation
	method, path string
}

func operations(tb testing.TB) map[string]operation {
	tb.Helper()
	found := map[string]operation{}
	for path, item := range document(tb).Paths.Map() {
		for method, o := range item.Operations() {
			found[method+" "+path] = operation{o, method, path}
		}
	}
	return found
}

func TestTheDocumentIsValidOpenAPI(t *testing.T) {
	t.Parallel()
	if err := document(t).Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Error(err)
	}
}

func TestTheDocumentHasTheSamePathsAsTheMux(t *testing.T) {
	t.Parallel()
	described := slices.Sorted(maps.Keys(operations(t)))
	if diff := cmp.Diff(slices.Sorted(slices.Values(rest.Patterns())), described); diff != "" {
		t.Errorf("(-mux +document):\n%s", diff)
	}
}

func TestTheDocumentSaysWhichDoorsArePublic(t *testing.T) {
	t.Parallel()
	if len(document(t).Security) == 0 {
		t.Error("doors are public unless they say otherwise")
	}
	var public []string
	for name, o := range operations(t) {
		if o.Security != nil && len(*o.Security) == 0 {
			public = append(public, name)
		}
	}
	if diff := cmp.Diff(rest.PublicPatterns(), public); diff != "" {
		t.Errorf("(-doors +document):\n%s", diff)
	}
}

func TestTheDocumentDescribesEveryOperationParameterAndError(t *testing.T) {
	t.Parallel()
	all := document(t)
	for name, o := range operations(t) {
		if o.Summary == "" || len(o.Tags) != 1 || all.Tags.Get(o.Tags[0]) == nil || o.OperationID == "" {
			t.Errorf("%s has no summary, no id, or not one tag that is described", name)
		}
		for _, p := range append(slices.Clone(o.Parameters), all.Paths.Value(o.path).Parameters...) {
			if p.Value.Description == "" {
				t.Errorf("%s: parameter %s has no description", name, p.Value.Name)
			}
		}
		want := []string{"500"}
		if o.Security == nil {
			want = append(want, "400", "401", "404")
		}
		if o.method == http.MethodPost {
			want = append(want, "403", "413")
		}
		for _, status := range want {
			if o.Responses.Value(status) == nil {
				t.Errorf("%s can answer %s, but does not say so", name, status)
			}
		}
	}
}

func TestTheDocumentHasEveryLabelOfAnError(t *testing.T) {
	t.Parallel()
	var ofDeliveries []string
	for _, code := range callback.AttemptErrorCodes() {
		if code != callback.Interrupted { // such a callback is sent again, and has the error of the attempt before
			ofDeliveries = append(ofDeliveries, string(code))
		}
	}
	label := regexp.MustCompile(`\b[A-Z]{2,}(_[A-Z]+)*\b`)
	description := document(t).Components.Schemas["Error"].Value.Properties["error_label"].Value.Description
	ofAnswers, ofCallbacks, _ := strings.Cut(description, "Of a callback's delivery")
	for described, want := range map[string][]string{ofAnswers: rest.Labels(), ofCallbacks: ofDeliveries} {
		if diff := cmp.Diff(
			slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(label.FindAllString(described, -1))),
		); diff != "" {
			t.Errorf("(-code +document):\n%s", diff)
		}
	}
}

func TestTheDocumentIsServedToAnyone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.ok(nil, http.MethodGet, "/v1/openapi.json", "")
	var served any
	got.into(&served)
	if loaded, err := openapi3.NewLoader().LoadFromData([]byte(got.Body)); err != nil ||
		len(loaded.Paths.Map()) != len(document(t).Paths.Map()) {
		t.Errorf("served: %v", err)
	}
	if !strings.HasPrefix(got.Body, `{"openapi":"3.`) {
		t.Errorf("begins with %.20s", got.Body)
	}
}
