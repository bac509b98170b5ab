package graph_test

import (
	"strings"
	"testing"
)

func TestWhatIsTakenOrIsNotThereIsToldBesideTheRest(t *testing.T) {
	t.Parallel()
	shared := newWorld(t)
	shared.ok(platform(), `mutation { createUser(input: {email: "taken@example.com", rawID: 4711}) { user { id } } }`, nil)
	for input, want := range map[string]string{
		`createProject(input: {accountId: 123123, rawID: 123, name: "", primaryDomain: "y"}) { project { id } }`:                                  "name,rawID CONFLICT",
		`createAccount(input: {rawID: 123123, name: "a", timezone: "Moon", ssoClientId: 99}) { account { id } }`:                                  "rawID CONFLICT,ssoClientId ENTITY_NOT_FOUND,timezone",
		`createAccount(input: {name: "a", ssoClientId: 99}) { account { id } }`:                                                                   "ssoClientId ENTITY_NOT_FOUND",
		`createSSOClient(input: {rawID: 1, name: "", webhookUrl: "x"}) { ssoClient { id } }`:                                                      "name,rawID CONFLICT,webhookUrl",
		`createUser(input: {email: "taken@example.com", rawID: 4711}) { user { id } }`:                                                            "email CONFLICT,rawID CONFLICT",
		`createUser(input: {email: "taken@example.com", rawID: 4711, firstName: ""}) { user { id } }`:                                             "email CONFLICT,firstName,rawID CONFLICT",
		`createUser(input: {email: "x", accounts: [{accountId: 999, role: Admin}, {accountId: 998, role: Admin}]}) { user { id } }`:               "accounts.0.accountId ENTITY_NOT_FOUND,accounts.1.accountId ENTITY_NOT_FOUND,email",
		`finishCrawl(input: {crawlId: 888777, createdByUserId: 99999, status: Queued}) { crawl { id } }`:                                          "createdByUserId ENTITY_NOT_FOUND,projectId,status",
		`finishCrawl(input: {crawlId: 888777, createdByUserId: 99999, projectId: 99999}) { crawl { id } }`:                                        "createdByUserId ENTITY_NOT_FOUND,projectId ENTITY_NOT_FOUND",
		`finishReportDownload(input: {reportDownloadId: 888777, createdByUserId: 99999, crawlId: 99999, fileUrl: "x"}) { reportDownload { id } }`: "crawlId ENTITY_NOT_FOUND,createdByUserId ENTITY_NOT_FOUND,fileUrl,reportTemplateCode",
	} {
		shared.changesNothing(t, input, strings.Split(want, ","))
	}
}
