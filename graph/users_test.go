package graph_test

import (
	"fmt"
	"testing"

	"github.com/ringback/ringback/models"
)

var _ = addAPITest(apiTest{
	examples: map[string]example{
		"Query.users": {who: platformOnly, query: `{ users { totalCount nodes { id email roles { nodes { role account { id } } } } } }`},
		"Mutation.setAccountRole": {who: adminOnly, query: fmt.Sprintf(`mutation {
			setAccountRole(input: {accountId: 123123, userId: %d, role: Viewer}) { account { id } user { id } role } }`, editorUser)},
		"Mutation.removeAccountRole": {who: adminOnly, query: fmt.Sprintf(`mutation {
			removeAccountRole(input: {accountId: 123123, userId: %d}) { account { id } user { id } } }`, viewerUser)},
	},
	ids: []idField{
		{"SetAccountRoleInput.accountId", fmt.Sprintf(`mutation {
			setAccountRole(input: {accountId: %%s, userId: %d, role: Editor}) { role } }`, editorUser), "Account", demoAccount},
		{"SetAccountRoleInput.userId", `mutation {
			setAccountRole(input: {accountId: 123123, userId: %s, role: Editor}) { role } }`, "User", editorUser},
		{"RemoveAccountRoleInput.accountId", fmt.Sprintf(`mutation {
			removeAccountRole(input: {accountId: %%s, userId: %d}) { user { id } } }`, editorUser), "Account", demoAccount},
		{"RemoveAccountRoleInput.userId", `mutation {
			removeAccountRole(input: {accountId: 123123, userId: %s}) { user { id } } }`, "User", editorUser},
	},
	classes: map[class]string{
		byCaller: `
		User: roles
		AccountRole: account role`,
		answered: `
		SetAccountRolePayload: account user role
		RemoveAccountRolePayload: account user`,
	},
	lists: map[string]string{
		"users":    `{ users(%s) { totalCount } }`,
		"me.roles": `{ me { roles(%s) { totalCount } } }`,
	},
})

func TestThePlatformListsUsersWithTheirRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ok(platform(), `mutation { createUser(input: {email: "new@example.com", accounts: [{accountId: 123123, role: Viewer}]}) { user { id } } }
		`, nil)
	id := a.at("createUser.user.id")
	a = w.ok(platform(), `{ users(first: 100) { totalCount nodes { id email roles { totalCount nodes { role account { rawID } } } } } }`, nil)
	nodes := a.list("users.nodes")
	if a.at("users.totalCount") != float64(len(nodes)) {
		t.Errorf("%v of %d", a.at("users.totalCount"), len(nodes))
	}
	for i := range nodes {
		at := fmt.Sprintf("users.nodes.%d.", i)
		if a.at(at+"id") == id {
			w.same("the role", "Viewer", a.at(at+"roles.nodes.0.role"))
			w.same("where", "123123", a.at(at+"roles.nodes.0.account.rawID"))
			return
		}
	}
	t.Errorf("the new one is not there: %s", a.Body)
}

// TestARoleCountsFromTheNextRequestOn also what it has begun: a portal session ends with the role of the Admin who made it.
func TestARoleCountsFromTheNextRequestOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const set = `mutation($user: ObjectID!, $role: Role!) { setAccountRole(input: {accountId: 123123, userId: $user, role: $role}) { role user { email } } }`
	const pause = `mutation { pauseCallbacks(input: {owner: {projectId: 1123123}}) { project { id } } }`
	editor, viewer := w.editor(), w.viewer()
	w.do(viewer, pause, nil).wantError(models.CodeForbidden, "", "pauseCallbacks")
	a := w.ok(w.admin(), set, variables{"user": viewerUser, "role": "Editor"})
	w.same("the role", "Editor", a.at("setAccountRole.role"))
	w.ok(viewer, pause, nil)
	for _, who := range []caller{editor, w.key(demoProject), w.portal("accountId: 123123", "MANAGE"), w.partnerKey(demoPartner)} {
		w.unchanged(func() {
			w.do(who, set, variables{"user": viewerUser, "role": "Admin"}).wantError(models.CodeForbidden, "", "setAccountRole")
		})
	}
	w.ok(w.admin(), `mutation($user: ObjectID!) { removeAccountRole(input: {accountId: 123123, userId: $user}) { user { id } } }`, variables{"user": viewerUser})
	w.do(viewer, pause, nil).wantError(models.CodeNotFound, "", "pauseCallbacks")
	w.same("of oneself", "Editor", w.ok(editor, `{ me { roles { nodes { role } } } }`, nil).at("me.roles.nodes.0.role"))
	w.do(w.admin(), set, variables{"user": demoUser, "role": "Editor"}).wantError(models.CodeConflict, "userId", "setAccountRole")
}
