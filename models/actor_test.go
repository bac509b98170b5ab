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
