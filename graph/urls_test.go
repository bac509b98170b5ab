package graph_test

import (
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// TestAPartnerSeesNoQueryOfItsCustomersURLs where it sees no payloads: what its notices leave out.
func TestAPartnerSeesNoQueryOfItsCustomersURLs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const path, query = "https://c.example.com/hook/", "?token=in-the-query"
	w.ok(platform(), `mutation($url: String!) { updateAccount(input: {accountId: 123123, apiCallbackUrl: $url}) { account { id } }
		updateProject(input: {projectId: 1123123, apiCallbackUrl: $url}) { project { id } }
		updateSSOClient(input: {ssoClientId: 1, webhookUrl: "https://sso.example.com/?token=its-own"}) { ssoClient { id } } }`,
		variables{"url": path + query})
	c := finishCrawl(t, w.service, 124400, demoProject)
	own, reads := w.partnerKey(demoPartner), w.portal("ssoClientId: 1", "READ")
	sub := w.subscribe(own, `subscription { callbackChanged(input: {owner: {ssoClientId: 1}}) { kind callback { targetUrl attempts { nodes { url } } } } }`, nil)
	defer sub.leave()
	w.same("told", "READY", sub.next().at("callbackChanged.kind"))
	deliver(t, w.service, c.ID, 503)
	pages, err := w.service.Callbacks.CallbackPages(t.Context(), models.PlatformActor().Scope(models.RoleViewer), callback.OfProject, []int64{demoProject},
		callback.Filter{Event: []callback.EventName{callback.CallbackFailedEvent}}, models.Page{First: 1})
	modelstest.NoError(t, err)
	deliver(t, w.service, pages[demoProject].Nodes[0].ID, 418)
	diagnosis := w.ok(w.editor(), `mutation { diagnoseReceiver(input: {projectId: 1123123, wait: false}) { diagnosis { id } } }`, nil).
		text("diagnoseReceiver.diagnosis.id")
	w.ok(w.editor(), `mutation($url: String!) { createJobs(input: {projectId: 1123123, inputs: [1], callbackUrl: $url}) { jobs { id } } }`,
		variables{"url": path + query + "/"})
	w.action("lookup")
	createRun(t, w.service, run.NewRun{
		ProjectID: demoProject, Action: "lookup", Callback: &run.NewCallback{URL: path + query, On: run.CallbackOnAll},
	})
	vars := variables{"id": c.ObjectID().String(), "diagnosis": diagnosis}
	const customers = `query($id: ObjectID!, $diagnosis: ObjectID!) {
		getAccount(id: 123123) { apiCallbackUrl }
		getProject(id: 1123123) { apiCallbackUrl effectiveApiCallback { url } jobs { nodes { callbackUrl } } runs { nodes { callbackUrl } } }
		getCallback(id: $id) { targetUrl attempts { nodes { url } } }
		getDiagnosis(id: $diagnosis) { url } }`
	const its = `{ getSSOClient(id: 1) { webhookUrl callbacks { nodes { targetUrl attempts { nodes { url } } } } } }`
	all := strings.Count(w.ok(platform(), customers, vars).Body, "in-the-query")
	for name, who := range map[string]caller{"its key": own, "a portal session": reads} {
		a := w.ok(who, customers, vars)
		if strings.Contains(a.Body, "in-the-query") || strings.Count(a.Body, path) != all {
			t.Errorf("%s sees %s", name, a.Body)
		}
		if a := w.ok(who, its, nil); strings.Count(a.Body, "its-own") != 3 { // the client's, the notice's and its attempt's
			t.Errorf("%s sees of its own %s", name, a.Body)
		}
	}
	for got := sub.next(); ; got = sub.next() {
		if strings.Contains(got.Body, "in-the-query") || strings.Contains(got.Body, path) {
			w.same("where it goes", path, got.at("callbackChanged.callback.targetUrl"))
			break
		}
	}
	w.ok(platform(), `mutation { updateSSOClient(input: {ssoClientId: 1, seesPayloads: true}) { ssoClient { id } } }`, nil)
	for name, who := range map[string]caller{"its key": own, "a portal session": reads, "a viewer": w.viewer(), "a project's key": w.key(demoProject)} {
		if n := strings.Count(w.ok(who, customers, vars).Body, "in-the-query"); n != all || n != 8 {
			t.Errorf("%s sees %d of %d", name, n, all)
		}
	}
}
