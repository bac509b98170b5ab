import { J as place, i as HealthWord, it as ask, lt as parameters, rt as graphql, ut as withParameters } from "./shared.js";
import { C as Create, w as texts, y as List } from "./work.js";
import { useSignal } from "@preact/signals";
import { Fragment, jsx, jsxs } from "preact/jsx-runtime";
import { useEffect } from "preact/hooks";
// src/pages/admin.tsx
var accounts = graphql("query AdminAccounts($after: String) {\n  accounts(first: 20, after: $after) { totalCount nodes { rawID name timezone version callbackHealth { status } } pageInfo { hasNextPage endCursor } }\n}"), clients = graphql("query AdminClients($after: String) {\n  ssoClients(first: 20, after: $after) { totalCount nodes { rawID name webhookUrl callbackHealth { status } } pageInfo { hasNextPage endCursor } }\n}"), users = graphql("query AdminUsers($id: ObjectID!, $after: String) {\n  getAccount(id: $id) { users(first: 20, after: $after) { totalCount nodes { role user { rawID username firstName lastName } } pageInfo { hasNextPage endCursor } } }\n}"), createAccount = graphql("mutation CreateAccount($input: CreateAccountInput!) { createAccount(input: $input) { account { id } } }"), updateAccount = graphql("mutation ChangeAccount($input: UpdateAccountInput!) { updateAccount(input: $input) { account { id } } }"), createClient = graphql("mutation CreateClient($input: CreateSSOClientInput!) { createSSOClient(input: $input) { ssoClient { id } } }"), createUser = graphql("mutation CreateUser($input: CreateUserInput!) { createUser(input: $input) { user { id } } }"), createProject = graphql("mutation CreateProject($input: CreateProjectInput!) { createProject(input: $input) { project { id } } }"), createKey = graphql("mutation CreateUserKey($input: CreateUserKeyInput!) { createUserKey(input: $input) { id secret } }");
function Admin() {
	let t = texts.value.admin, round = useSignal(0), done = () => void round.value++, account = parameters.value.get("account");
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
				t.users,
				t.change
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
					href: withParameters({ account: rawID }),
					children: t.users
				}),
				/* @__PURE__ */ jsx(Create, {
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
				})
			]
		}),
		account && /* @__PURE__ */ jsxs(Fragment, { children: [/* @__PURE__ */ jsxs("div", {
			class: "row",
			children: [/* @__PURE__ */ jsx(Create, {
				label: t.user,
				fields: {
					"email*": [],
					firstName: [],
					lastName: [],
					partnerUserId: [],
					"role*": [
						"Viewer",
						"Editor",
						"Admin"
					]
				},
				work: ({ role, ...input }) => ask(createUser, { input: {
					...input,
					accounts: [{
						accountId: account,
						role
					}]
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
					accountId: account
				} }).then(done)
			})]
		}), /* @__PURE__ */ jsx(List, {
			title: `${t.users} · ${account}`,
			document: users,
			variables: { id: account },
			round: round.value,
			of: (data) => data.getAccount?.users,
			head: [
				t.name,
				t.id,
				t.role,
				t.key
			],
			none: /* @__PURE__ */ jsx("p", { children: t.none }),
			row: ({ role, user }) => [
				/* @__PURE__ */ jsxs(Fragment, { children: [
					[user.firstName, user.lastName].filter(Boolean).join(" "),
					" ",
					user.username
				] }),
				user.rawID,
				texts.value.roles[role],
				/* @__PURE__ */ jsx(Create, {
					label: t.newKey,
					fields: {},
					work: async () => {
						let { createUserKey: made } = await ask(createKey, { input: { userId: user.rawID } });
						return `${made.id} ${made.secret}`;
					}
				})
			]
		})] }),
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
