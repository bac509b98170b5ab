package graph_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store/storetest"
)

// breakHeaders writes what no key opens where headers are sealed.
func (w *world) breakHeaders(table, column string) {
	w.tb.Helper()
	w.sql(fmt.Sprintf("UPDATE %s SET %s = '\\x00'", table, column))
}

// sql runs a statement on the database itself.
func (w *world) sql(statement string) {
	w.tb.Helper()
	pools, err := w.store.Pools()
	modelstest.NoError(w.tb, err)
	_, err = pools["write"].ExecContext(w.tb.Context(), statement)
	modelstest.NoError(w.tb, err)
}

// What was sealed by another key, say, is unknown, and all else is shown.
func TestUnreadableHeadersCostTheirOwnFieldOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.breakHeaders("projects", "api_callback_headers")
	w.breakHeaders("accounts", "api_callback_headers")
	w.breakHeaders("sso_clients", "webhook_headers")
	w.breakHeaders("actions", "executor_headers")
	for query, who := range map[string]caller{
		`{ a: getProject(id: 123) { name apiCallbackHeaders { key } } version }`:                                w.admin(),
		`{ a: getAccount(id: 123123) { name apiCallbackHeaders { key } projects { nodes { name } } } version }`: w.admin(),
		`{ a: getSSOClient(id: 1) { name webhookHeaders { key } } version }`:                                    platform(),
		`{ a: getAccount(id: 123123) { name actions { nodes { executorHeaders { key } } } } version }`:          w.admin(),
		`{ a: getProject(id: 123) { name effectiveApiCallback { url } account { name } } version }`:             w.viewer(),
	} {
		a := w.do(who, query, nil)
		if len(a.Errors) == 0 || a.at("version") != testVersion || a.text("a.name") == "" {
			t.Errorf("%s: %s", query, a.Body)
		}
		for _, e := range a.Errors {
			if !strings.Contains(e.Message, "set it anew") {
				t.Errorf("%s: %+v", query, e)
			}
		}
	}
}

func TestADatabaseThatCanOnlyBeReadIsUnavailable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.admin()
	if storetest.OnPostgres() {
		standby := storetest.OpenURL(t, w.url+"&default_transaction_read_only=on")
		w.handler = identified(graph.NewHandler(
			w.serviceOn(&trap{Store: standby}), graph.AnyAnswers(), testVersion, slog.New(slog.DiscardHandler),
		))
	} else {
		w.sql("PRAGMA query_only = on")
	}
	a := w.do(admin, `mutation { updateProject(input: {projectId: 123, name: "Other"}) { project { name } } }`, nil)
	a.wantError("UNAVAILABLE", "", "updateProject")
	w.ok(admin, `{ getProject(id: 123) { name } }`, nil)
}
