import { X as place, at as graphql, c as HealthWord, ot as ask } from "./shared.js";
import { A as texts, C as setRole, S as roles, T as List, k as Create, w as someone, x as Who, y as NewKey } from "./work.js";
import { useSignal } from "@preact/signals";
import { Fragment, jsx, jsxs } from "preact/jsx-runtime";
import { useEffect } from "preact/hooks";
// src/pages/admin.tsx
var accounts = graphql("query AdminAccounts($after: String) {\n  accounts(first: 20, after: $after) { totalCount nodes { rawID name timezone version callbackHealth { status } } pageInfo { hasNextPage endCursor } }\n}"), clients = graphql("query AdminClients($after: String) {\n  ssoClients(first: 20, after: $after) { totalCount nodes { rawID name webhookUrl callbackHealth { status } } pageInfo { hasNextPage endCursor } }\n}"), users = graphql("query AdminUsers($after: String) {\n    users(first: 20, after: $after) {\n      totalCount\n      nodes { ...Someone roles(first: 10) { totalCount nodes { role account { rawID name } } } }\n      pageInfo { hasNextPage endCursor }\n    }\n  }", [someone]), createAccount = graphql("mutation CreateAccount($input: CreateAccountInput!) { createAccount(input: $input) { account { id } } }"), updateAccount = graphql("mutation ChangeAccount($input: UpdateAccountInput!) { updateAccount(input: $input) { account { id } } }"), createClient = graphql("mutation CreateClient($input: CreateSSOClientInput!) { createSSOClient(input: $input) { ssoClient { id } } }"), createProject = graphql("mutation CreateProject($input: CreateProjectInput!) { createProject(input: $input) { project { id } } }");
function Admin() {
	let t = texts.value.admin, round = useSignal(0), done = () => void round.value++;
	return useEffect(() => {
		place.value = {};
	}, []), /* @__PURE__ */ jsxs(Fragment, { children: [
		/* @__PURE__ */ jsx("h1", { children: texts.value.menu.admin }),
		/* @__PURE__ */ jsxs("div", {
			class: "row",
			children: [/* @__PURE__ */ jsx(Create, {
				label: t.account,
				fields: {
					"name*": [],
					timezone: [],
					apiCallbackUrl: [],
					ssoClientId: [],
					partnerAccountId: []
				},
				work: (input) => ask(createAccount, { input }).then(done)
			}), /* @__PURE__ */ jsx(Create, {
				label: t.client,
				fields: {
					"name*": [],
					webhookUrl: [],
					noticeMode: ["EACH", "DIGEST"]
				},
				work: (input) => ask(createClient, { input }).then(done)
			})]
		}),
		/* @__PURE__ */ jsx(List, {
			title: texts.value.nav.accounts,
			document: accounts,
			variables: {},
			round: round.value,
			of: (data) => data.accounts,
			head: [
				t.name,
				t.id,
				t.zone,
				t.health,
				texts.value.nav.users,
				texts.value.work.actions
			],
			none: /* @__PURE__ */ jsx("p", { children: t.none }),
			row: ({ rawID, name, timezone, version, callbackHealth }) => [
				/* @__PURE__ */ jsx("a", {
					href: `/console/accounts/${rawID}`,
					children: name
				}),
				rawID,
				timezone,
				/* @__PURE__ */ jsx(HealthWord, {
					status: callbackHealth.status,
					small: !0
				}),
				/* @__PURE__ */ jsx("a", {
					href: `/console/accounts/${rawID}/users`,
					children: texts.value.nav.users
				}),
				/* @__PURE__ */ jsxs("div", {
					class: "row",
					children: [/* @__PURE__ */ jsx(Create, {
						label: t.change,
						fields: {
							name: [],
							timezone: []
						},
						values: {
							name,
							timezone
						},
						work: (input) => ask(updateAccount, { input: {
							...input,
							accountId: rawID,
							ifVersion: version
						} }).then(done)
					}), /* @__PURE__ */ jsx(Create, {
						label: t.project,
						fields: {
							"name*": [],
							"primaryDomain*": [],
							apiCallbackUrl: []
						},
						work: (input) => ask(createProject, { input: {
							...input,
							accountId: rawID
						} }).then(done)
					})]
				})
			]
		}),
		/* @__PURE__ */ jsx(List, {
			title: texts.value.nav.users,
			document: users,
			variables: {},
			round: round.value,
			of: (data) => data.users,
			head: [
				t.name,
				t.id,
				t.roles,
				texts.value.work.actions
			],
			none: /* @__PURE__ */ jsx("p", { children: t.none }),
			row: (user) => [
				/* @__PURE__ */ jsx(Who, { of: user }),
				user.rawID,
				/* @__PURE__ */ jsxs(Fragment, { children: [user.roles.nodes.map(({ role, account }) => /* @__PURE__ */ jsxs("div", { children: [
					/* @__PURE__ */ jsx("a", {
						href: `/console/accounts/${account.rawID}/users`,
						children: account.name
					}),
					" ",
					/* @__PURE__ */ jsx("span", {
						class: "soft",
						children: texts.value.roles[role]
					})
				] }, account.rawID)), user.roles.totalCount > 10 && "…"] }),
				/* @__PURE__ */ jsxs("div", {
					class: "row",
					children: [/* @__PURE__ */ jsx(Create, {
						label: t.giveRole,
						fields: {
							"accountId*": [],
							"role*": roles
						},
						work: (input) => ask(setRole, { input: {
							...input,
							userId: user.id
						} }).then(done)
					}), /* @__PURE__ */ jsx(NewKey, { of: user })]
				})
			]
		}),
		/* @__PURE__ */ jsx(List, {
			title: t.clients,
			document: clients,
			variables: {},
			round: round.value,
			of: (data) => data.ssoClients,
			head: [
				t.name,
				t.id,
				t.webhook,
				t.health
			],
			none: /* @__PURE__ */ jsx("p", { children: t.none }),
			row: ({ rawID, name, webhookUrl, callbackHealth }) => [
				/* @__PURE__ */ jsx("a", {
					href: `/console/partners/${rawID}`,
					children: name
				}),
				rawID,
				webhookUrl && /* @__PURE__ */ jsx("code", { children: webhookUrl }),
				/* @__PURE__ */ jsx(HealthWord, {
					status: callbackHealth.status,
					small: !0
				})
			]
		})
	] });
}
export { Admin };
