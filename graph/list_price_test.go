package graph_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/ringback/ringback/graph"
)

// shortLists are read with what has them, and have no more elements than a document has fields: they cost what one does.
// Query.nodes costs what its ids say.
var shortLists = []string{
	"Query.nodes", "Account.apiCallbackHeaders", "Project.apiCallbackHeaders", "EffectiveApiCallback.headers",
	"CallbackPreview.headers",
	"SSOClient.webhookHeaders", "Action.executorHeaders", "Project.callbackSigningSecrets",
	"SSOClient.webhookSigningSecrets", "CallbackCheck.problems", "CallbackCheck.addresses", "CallbackHealth.causes",
	"CallbackHealthBucket.causes",
}

func TestEveryListHasAPrice(t *testing.T) {
	t.Parallel()
	schema := graph.Schema()
	lists := 0
	for _, object := range schema.Types {
		if object.Kind != ast.Object || strings.HasPrefix(object.Name, "__") || strings.HasSuffix(object.Name, "Connection") {
			continue // a connection's nodes are paid for by the list's own field
		}
		for _, f := range object.Fields {
			of := schema.Types[f.Type.Name()]
			paged := strings.HasSuffix(of.Name, "Connection")
			if !paged && (f.Type.Elem == nil || !of.IsCompositeType()) || strings.HasPrefix(f.Name, "__") {
				continue
			}
			lists++
			name := object.Name + "." + f.Name
			if got := graph.PriceOfField(t.Context(), object, f, 10) > 1+10; got == slices.Contains(shortLists, name) {
				t.Errorf("%s has a price of a list: %t", name, got)
			}
		}
	}
	if lists < 30 {
		t.Errorf("only %d lists were found", lists)
	}
}
