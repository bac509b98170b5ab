package tenant_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/tenant"
)

// setHeaders makes a list the whole of a project's headers, and of its account's.
func setHeaders(w *modelstest.World, headers []models.Header) {
	w.T.Helper()
	whole := models.EndpointUpdate{Headers: models.Given(headers)}
	_, err := w.UpdateProject(w.T.Context(), w.Editor, tenant.ProjectUpdate{ProjectID: w.Shop.ID, Callback: whole})
	modelstest.NoError(w.T, err)
	_, err = w.UpdateAccount(w.T.Context(), w.Admin, tenant.AccountUpdate{AccountID: w.Acme.ID, Callback: whole})
	modelstest.NoError(w.T, err)
}

// text is a list of headers in one line.
func text(headers []models.Header) string {
	parts := make([]string, len(headers))
	for i, h := range headers {
		parts[i] = h.Key + "=" + h.Value.Reveal()
	}
	return strings.Join(parts, " ")
}

func numbered(n int) []models.Header {
	list := make([]models.Header, n)
	for i := range list {
		list[i] = models.Header{Key: fmt.Sprintf("X-%d", i), Value: "v"}
	}
	return list
}

func TestSingleHeadersAreSetAndRemovedByName(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	for _, of := range []tenant.CallbackOwner{{ProjectID: w.Shop.ID}, {AccountID: w.Acme.ID}} {
		setHeaders(w, []models.Header{{Key: "A", Value: "1"}, {Key: "B", Value: "2"}, {Key: "C", Value: "3"}})
		_, err := w.SetHeaders(t.Context(), w.Admin, tenant.HeadersToSet{
			Owner: of, Headers: []models.Header{{Key: "b", Value: "new"}, {Key: "D", Value: "4"}},
		})
		modelstest.NoError(t, err)
		_, err = w.RemoveHeaders(t.Context(), w.Admin, tenant.HeadersToRemove{Owner: of, Keys: []string{"a", "Unknown"}})
		modelstest.NoError(t, err)
		project, account, _ := read(w, t)
		changed, other := project.Callback.Headers, account.Callback.Headers
		if of.AccountID != 0 {
			changed, other = other, changed
		}
		if got, want := text(changed), "b=new C=3 D=4"; got != want {
			t.Errorf("%+v: got %s, want %s", of, got, want)
		}
		if got, want := text(other), "A=1 B=2 C=3"; got != want {
			t.Errorf("%+v: the other has %s, want %s", of, got, want)
		}
	}
}

func TestSingleHeadersKeepTheRulesOfAWholeList(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	setHeaders(w, numbered(models.MaxHeaders-1))
	of := tenant.CallbackOwner{ProjectID: w.Shop.ID}
	set := func(headers ...models.Header) error {
		_, err := w.SetHeaders(t.Context(), w.Editor, tenant.HeadersToSet{Owner: of, Headers: headers})
		return err
	}
	remove := func(keys ...string) error {
		_, err := w.RemoveHeaders(t.Context(), w.Editor, tenant.HeadersToRemove{Owner: of, Keys: keys})
		return err
	}
	before, _, _ := read(w, t)
	for field, err := range map[string]error{
		"headers":         set(models.Header{Key: "Y"}, models.Header{Key: "Z"}),
		"headers.1.key":   set(models.Header{Key: "Y"}, models.Header{Key: "y"}),
		"headers.0.key":   set(models.Header{Key: "Host", Value: "a"}),
		"headers.1.value": set(models.Header{Key: "Y"}, models.Header{Key: "Z", Value: "a\n"}),
		"keys.1":          remove("X-1", ""),
		"keys.0":          remove(strings.Repeat("k", models.MaxHeaderBytes+1)),
		"keys":            remove(make([]string, models.MaxHeaders+1)...),
	} {
		modelstest.WantError(t, err, models.CodeBadUserInput, field)
	}
	if problems := models.ProblemsOf(set(models.Header{Key: "Host"}, models.Header{Key: "A", Value: "é"})); len(problems) != 2 {
		t.Errorf("got %v, want both problems", problems)
	}
	if problems := models.ProblemsOf(remove(make([]string, models.MaxHeaders+1)...)); len(problems) != models.MaxHeaders+2 {
		t.Errorf("got %v, want their number and each of them", problems)
	}
	after, _, _ := read(w, t)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("changed: %s", diff)
	}
	modelstest.NoError(t, set(models.Header{Key: "x-0", Value: "in its place"}, models.Header{Key: "Last", Value: "1"}))
	if after, _, _ = read(w, t); len(after.Callback.Headers) != models.MaxHeaders {
		t.Errorf("got %d headers", len(after.Callback.Headers))
	}
}

func TestHeadersThatCannotBeReadAreNotLostByOne(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	setHeaders(w, numbered(2))
	lost := w.TenantsOn(w.StoreOfLostKey())
	of := tenant.CallbackOwner{ProjectID: w.Shop.ID}
	_, err := lost.SetHeaders(t.Context(), w.Editor, tenant.HeadersToSet{Owner: of, Headers: numbered(1)})
	modelstest.WantError(t, err, models.CodeConflict, "headers")
	_, err = lost.RemoveHeaders(t.Context(), w.Editor, tenant.HeadersToRemove{Owner: of, Keys: []string{"X-0"}})
	modelstest.WantError(t, err, models.CodeConflict, "keys")
	if project, _, _ := read(w, t); text(project.Callback.Headers) != "X-0=v X-1=v" {
		t.Errorf("got %s", text(project.Callback.Headers))
	}
}

func TestSingleHeadersAreSetByWhoMayUpdateAtTheVersionThatIsThere(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	key := w.KeyActor(w.Shop)
	set := func(actor *models.Actor, of tenant.CallbackOwner, ifVersion *int) error {
		in := tenant.HeadersToSet{Owner: of, Headers: numbered(1), IfVersion: ifVersion}
		_, err := w.SetHeaders(t.Context(), actor, in)
		return err
	}
	project, account := tenant.CallbackOwner{ProjectID: w.Shop.ID}, tenant.CallbackOwner{AccountID: w.Acme.ID}
	modelstest.WantError(t, set(w.Viewer, project, nil), models.CodeForbidden, "")
	modelstest.WantError(t, set(w.Outsider, project, nil), models.CodeNotFound, "")
	modelstest.WantError(t, set(w.Editor, account, nil), models.CodeForbidden, "")
	modelstest.WantError(t, set(key, account, nil), models.CodeForbidden, "")
	modelstest.NoError(t, set(key, project, new(1)))
	modelstest.WantError(t, set(w.Editor, project, new(1)), models.CodeConflict, "ifVersion")
	modelstest.NoError(t, set(w.Admin, account, new(1)))
	modelstest.WantError(t, set(w.Admin, account, new(1)), models.CodeConflict, "ifVersion")
}
