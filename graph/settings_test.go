package graph_test

import (
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
)

func TestSingleHeadersAreSetAndRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := func(who caller, owner variables, headers ...any) *answer {
		return w.do(who, `mutation($input: SetApiCallbackHeadersInput!) { setApiCallbackHeaders(input: $input) {
			project { apiCallbackHeaders { key value } } account { apiCallbackHeaders { key value } } movedCallbacks } }`,
			variables{"input": variables{"owner": owner, "headers": headers}})
	}
	project, account := variables{"projectId": demoProject}, variables{"accountId": demoAccount}
	a := set(w.editor(), project, header("x-project", "new"), header("X-More", "1"))
	if got := a.text("setApiCallbackHeaders"); got != "map[account:<nil> movedCallbacks:0 project:map[apiCallbackHeaders:["+
		"map[key:x-project value:new] map[key:X-More value:1]]]]" {
		t.Errorf("got %s", got)
	}
	a = set(w.admin(), account, header("X-More", "1"))
	if got := a.text("setApiCallbackHeaders.account.apiCallbackHeaders.1.key"); got != "X-More" {
		t.Errorf("got %s", a.Body)
	}
	set(w.editor(), account, header("X-More", "1")).wantError(models.CodeForbidden, "", "setApiCallbackHeaders")
	set(w.admin(), variables{}, header("A", "1")).wantError(models.CodeBadUserInput, "owner", "setApiCallbackHeaders")
	a = set(w.editor(), project, header("Host", "a"), header("A", strings.Repeat("a", 4097)))
	if len(a.Errors) != 2 || a.Errors[0].Extensions["field"] == a.Errors[1].Extensions["field"] {
		t.Errorf("got %s", a.Body)
	}
	removed := w.ok(w.editor(), `mutation { removeApiCallbackHeaders(input: {owner: {projectId: 1123123}, keys: ["X-PROJECT"]}) {
		project { apiCallbackHeaders { key } } account { id } } }`, nil)
	if got := removed.text("removeApiCallbackHeaders"); got != "map[account:<nil> project:map[apiCallbackHeaders:[map[key:X-More]]]]" {
		t.Errorf("got %s", got)
	}
}
