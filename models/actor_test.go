package models_test

import (
	"testing"

	"github.com/ringback/ringback/models"
)

func TestRolesIncludeTheLesserOnes(t *testing.T) {
	t.Parallel()
	ranked := []models.Role{"", models.RoleViewer, models.RoleEditor, models.RoleAdmin}
	for i, role := range ranked {
		for j, least := range ranked[1:] {
			if got, want := role.AtLeast(least), i > j; got != want {
				t.Errorf("%q at least %q: got %t", role, least, got)
			}
		}
	}
	if models.Role("Owner").AtLeast(models.RoleViewer) {
		t.Error("an unknown role reaches something")
	}
}

func TestActorTravelsInTheContext(t *testing.T) {
	t.Parallel()
	if models.ActorFrom(t.Context()) != nil {
		t.Error("a context without an actor has one")
	}
	actor := &models.Actor{}
	if models.ActorFrom(models.WithActor(t.Context(), actor)) != actor {
		t.Error("the actor is lost")
	}
}

func TestActorsAreToldApartByTheirNames(t *testing.T) {
	t.Parallel()
	project, account := &models.KeyScope{AccountID: 1, ProjectID: 2}, &models.KeyScope{AccountID: 1}
	partner := &models.KeyScope{SSOClientID: 3}
	for want, actor := range map[string]*models.Actor{
		"": nil, "platform": models.PlatformActor(), "user:4": {UserID: 4, SessionToken: "rbs_x"}, "project:2": {Key: project},
		"ssoClient:3": {Key: partner}, "portal project:2": {Key: project, SessionToken: "rbt_x"},
		"portal account:1": {Key: account, SessionToken: "rbt_x"}, "portal ssoClient:3": {Key: partner, SessionToken: "rbt_x"},
	} {
		if got := actor.Name(); got != want {
			t.Errorf("%+v is %q, want %q", actor, got, want)
		}
		if actor.IsPortal() && actor.CreatorID() != nil {
			t.Errorf("%q is a user", want)
		}
	}
}
