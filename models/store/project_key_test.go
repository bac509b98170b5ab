package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

// newProjectKey inserts a key whose text is the given one.
func newProjectKey(t *testing.T, s *store.Store, p *tenant.Project, text models.Secret) *tenant.ProjectKey {
	t.Helper()
	k := &tenant.ProjectKey{AccountID: p.AccountID, ProjectID: p.ID, Name: "CI", CreatedAt: start}
	modelstest.NoError(t, s.CreateProjectKey(t.Context(), k, text.Hash()))
	return k
}

func scopeOf(of models.KeyScope, least models.Role) models.Scope {
	return (&models.Actor{Key: &of}).Scope(least)
}

func keyScope(k *tenant.ProjectKey, least models.Role) models.Scope {
	return scopeOf(models.KeyScope{AccountID: k.AccountID, ProjectID: k.ProjectID, Role: models.RoleEditor}, least)
}

// readsOfAccounts are the only ones that reach something with the key of another project of the account.
var readsOfAccounts = []string{
	"Accounts", "LockAccount", "AccountPage and CountAccounts", "Actions", "ActionByName", "ActionPages and CountActions",
}

// readsOfPeople reach nothing with any key.
var readsOfPeople = []string{"AccountUserPages", "CountAccountUsers"}

func TestEveryReadWithAProjectKeyStaysWithinItsProject(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	mine, theirs := newEstate(t, s, "mine"), newEstate(t, s, "theirs")
	siblingKey := &tenant.ProjectKey{AccountID: mine.account.ID, ProjectID: 4711}
	for name, read := range allReads() {
		ofAccount := slices.Contains(readsOfAccounts, name)
		for _, test := range []struct {
			caller  string
			scope   models.Scope
			reaches bool
		}{
			{"its key", keyScope(mine.key, models.RoleViewer), true},
			{"its key, as an Editor", keyScope(mine.key, models.RoleEditor), !ofAccount},
			{"its key, as an Admin", keyScope(mine.key, models.RoleAdmin), false},
			{"the key of another project", keyScope(siblingKey, models.RoleViewer), ofAccount},
			{"the key of another project, as an Editor", keyScope(siblingKey, models.RoleEditor), false},
			{"the key of another account's project", keyScope(theirs.key, models.RoleViewer), false},
		} {
			n, err := read(t.Context(), s, test.scope, mine)
			if err != nil && models.ErrorCode(err) != models.CodeNotFound {
				t.Fatal(err)
			}
			if reached := err == nil && n != 0; reached != (test.reaches && !slices.Contains(readsOfPeople, name)) {
				t.Errorf("%s reaches with %s: %t", name, test.caller, reached)
			}
		}
	}
}

func TestProjectsOfAnAccountAreOnlyTheKeysOwn(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	e := newEstate(t, s, "a")
	newProject(t, s, e.account.ID, start)
	scope := keyScope(e.key, models.RoleViewer)
	pages, err := s.ProjectPages(t.Context(), scope, []int64{e.account.ID}, models.Page{First: 100})
	modelstest.NoError(t, err)
	counts, err := s.CountProjects(t.Context(), scope, []int64{e.account.ID})
	modelstest.NoError(t, err)
	if got := pages[e.account.ID].Nodes; len(got) != 1 || got[0].ID != e.project.ID || counts[e.account.ID] != 1 {
		t.Errorf("listed %v, counted %d", got, counts[e.account.ID])
	}
}

func TestEveryWriteWithAProjectKeyStaysWithinItsProject(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	e := newEstate(t, s, "a")
	ctx := t.Context()
	siblingKey := newProjectKey(t, s, newProject(t, s, e.account.ID, start), "sibling")
	for _, least := range []models.Role{models.RoleViewer, models.RoleEditor, models.RoleAdmin} {
		scope := keyScope(siblingKey, least)
		wantCode(t, s.UpdateProject(ctx, scope, e.project), models.CodeNotFound)
		wantCode(t, s.DeleteProjectKey(ctx, scope, e.key.ID), models.CodeNotFound)
	}
	wantCode(t, s.UpdateAccount(ctx, keyScope(e.key, models.RoleAdmin), e.account), models.CodeNotFound)
	wantCode(t, s.DeleteProjectKey(ctx, keyScope(e.key, models.RoleAdmin), e.key.ID), models.CodeNotFound)
	modelstest.NoError(t, s.UpdateProject(ctx, keyScope(e.key, models.RoleEditor), e.project))
}

func TestProjectKeyIsFoundByItsHashWhileItsProjectIsThere(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	key := newProjectKey(t, s, n.project, "text")
	find := func(text models.Secret) (*tenant.ProjectKey, error) {
		return s.ProjectKeyByHash(t.Context(), text.Hash())
	}
	got, err := find("text")
	modelstest.NoError(t, err)
	if diff := cmp.Diff(key, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err = find("another")
	wantCode(t, err, models.CodeNotFound)
	if s.CreateProjectKey(
		t.Context(), &tenant.ProjectKey{AccountID: n.account.ID, ProjectID: n.project.ID}, models.Secret("text").Hash(),
	) == nil {
		t.Error("the same text was stored twice")
	}

	n.project.DeletedAt = new(start.Add(time.Hour))
	modelstest.NoError(t, s.UpdateProject(t.Context(), n.scope(), n.project))
	for name, read := range map[string]func(context.Context) error{
		"ProjectKeyByHash": func(context.Context) error { _, err := find("text"); return err },
		"ProjectKey":       func(ctx context.Context) error { _, err := s.ProjectKey(ctx, everything(), key.ID); return err },
		"DeleteProjectKey": func(ctx context.Context) error { return s.DeleteProjectKey(ctx, everything(), key.ID) },
	} {
		if err := read(t.Context()); models.ErrorCode(err) != models.CodeNotFound {
			t.Errorf("%s of a deleted project: %v", name, err)
		}
	}
	if left, err := s.ProjectKeys(t.Context(), everything(), n.project.ID); err != nil || len(left) != 0 {
		t.Errorf("ProjectKeys of a deleted project: %v, %v", left, err)
	}
}
