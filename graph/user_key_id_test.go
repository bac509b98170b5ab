package graph_test

import (
	"fmt"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
)

func TestUserKeyIDsAreReadAsGlobalIDsAndNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, secret := w.userKey(demoUser)
	raw, err := models.ParseObjectID(id)
	modelstest.NoError(t, err)
	for _, form := range []any{id, raw.Raw, fmt.Sprint(raw.Raw)} {
		w.ok(caller{}, `mutation($k: ObjectID!, $s: String!) { createSessionUsingUserKey(input: {userKeyId: $k, secret: $s}) { token } }`,
			variables{"k": form, "s": secret})
	}
	a := w.do(caller{}, `mutation { createSessionUsingUserKey(input: {userKeyId: "?", secret: "s"}) { token } }`, nil)
	a.wantError(models.CodeBadUserInput, "userKeyId", "createSessionUsingUserKey")
	got := w.ok(
		w.admin(), `mutation { deleteUserKey(input: {userKeyId: `+fmt.Sprint(raw.Raw)+`}) { userKey { id rawID } } }`, nil,
	)
	if got.at("deleteUserKey.userKey.id") != id {
		t.Error(got.Body)
	}
	a = w.do(caller{}, `mutation($s: String!) { createSessionUsingUserKey(input: {userKeyId: "`+id+`", secret: $s}) { token } }`,
		variables{"s": secret})
	a.wantError(models.CodeIncorrectUserKey, "", "createSessionUsingUserKey")
}
