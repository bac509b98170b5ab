package graph_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLimitsOfOnesOwn are set, shown with whose they are, refused all at once, and taken away.
func TestLimitsOfOnesOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const shown = `project { apiCallbackMaxInFlight apiCallbackMaxPerSecond
		effectiveApiCallbackLimits { maxInFlight maxPerSecond source } }`
	update := func(input string) any {
		t.Helper()
		return w.ok(w.admin(), `mutation { updateProject(input: {projectId: 123`+input+`}) { `+shown+` } }`, nil).
			at("updateProject.project")
	}
	want := func(got any, inFlight, perSecond, effective any) {
		t.Helper()
		if diff := cmp.Diff(map[string]any{
			"apiCallbackMaxInFlight": inFlight, "apiCallbackMaxPerSecond": perSecond, "effectiveApiCallbackLimits": effective,
		}, got); diff != "" {
			t.Error(diff)
		}
	}
	limits := func(inFlight, perSecond any, source string) any {
		return map[string]any{"maxInFlight": inFlight, "maxPerSecond": perSecond, "source": source}
	}
	want(update(``), nil, nil, nil)
	w.ok(w.admin(), `mutation { updateAccount(input: {accountId: 123123, apiCallbackMaxPerSecond: 30}) { account { id } } }`, nil)
	want(update(``), nil, nil, limits(nil, 30.0, "ACCOUNT"))
	want(update(`, apiCallbackMaxInFlight: 5`), 5.0, nil, limits(5.0, 30.0, "PROJECT"))
	want(update(`, name: "Other"`), 5.0, nil, limits(5.0, 30.0, "PROJECT"))
	want(update(`, apiCallbackMaxInFlight: null`), nil, nil, limits(nil, 30.0, "ACCOUNT"))
	a := w.do(w.admin(), `mutation { updateProject(input: {projectId: 123, apiCallbackMaxInFlight: 0,
		apiCallbackMaxPerSecond: 100001}) { project { id } } }`, nil)
	if len(a.Errors) != 2 {
		t.Error(a.Body)
	}
}
