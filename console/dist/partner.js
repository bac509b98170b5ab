import { E as Loaded, P as viewer, X as place, _ as Time, at as graphql, c as HealthWord, i as useTurn, l as Outcome, ot as ask, x as useAsk } from "./shared.js";
import { t as History } from "./history.js";
import { A as texts, D as Table, T as List, h as Facts, k as Create, m as Act } from "./work.js";
import { useSignal } from "@preact/signals";
import { Fragment, jsx, jsxs } from "preact/jsx-runtime";
import { useEffect } from "preact/hooks";
// src/pages/partner.tsx
var own = graphql("query OwnClient { ssoClients(first: 1) { nodes { id } } }"), one = graphql("query Partner($id: ObjectID!, $secrets: Boolean!, $keys: Boolean!) {\n  getSSOClient(id: $id) {\n    id name webhookUrl noticeMode seesPayloads version callbackHealth { status failingSince }\n    webhookSigningSecrets @include(if: $secrets) { createdAt expiresAt }\n    keys @include(if: $keys) { id name createdAt }\n  }\n}"), reveal = graphql("query PartnerSecrets($id: ObjectID!) { getSSOClient(id: $id) { webhookSigningSecrets { secret } } }"), accounts = graphql("query PartnerAccounts($after: String) {\n  accounts(first: 20, after: $after) { totalCount nodes { rawID name callbackHealth { status failingSince } } pageInfo { hasNextPage endCursor } }\n}"), update = graphql("mutation UpdatePartner($input: UpdateSSOClientInput!) { updateSSOClient(input: $input) { ssoClient { id } } }"), test = graphql("mutation TestPartner($input: SendTestCallbackInput!) { sendTestCallback(input: $input) { attempt { httpStatus durationMs error { code message } } } }"), rotate = graphql("mutation RotatePartner($input: RotateWebhookSigningSecretInput!) { rotateWebhookSigningSecret(input: $input) { ssoClient { id } } }"), createKey = graphql("mutation CreatePartnerKey($input: CreateSSOClientKeyInput!) { createSSOClientKey(input: $input) { key } }"), deleteKey = graphql("mutation DeletePartnerKey($input: DeleteSSOClientKeyInput!) { deleteSSOClientKey(input: $input) { ssoClientKey { id } } }");
function OwnPartner() {
	let asked = useAsk(own, {});
	return /* @__PURE__ */ jsx(Loaded, {
		of: asked,
		children: ({ ssoClients: { nodes } }) => nodes[0] && /* @__PURE__ */ jsx(Partner, { route: {
			page: "partner",
			item: nodes[0].id
		} })
	});
}
function Partner({ route }) {
	let t = texts.value.admin, id = route.item, round = useSignal(0), secrets = useSignal(void 0), tested = useSignal(null), turn = useTurn(), known = viewer.value, mayChange = known !== void 0 && known.permission !== "READ", asked = useAsk(one, {
		id,
		secrets: mayChange,
		keys: mayChange && !known.permission
	}, round.value + turn.turn), done = () => void round.value++, itself = viewer.value?.ssoClient;
	return useEffect(() => {
		place.value = {};
	}, []), /* @__PURE__ */ jsx(Loaded, {
		of: asked,
		children: ({ getSSOClient: found }) => found && /* @__PURE__ */ jsxs(Fragment, { children: [
			/* @__PURE__ */ jsxs("section", {
				"aria-labelledby": "webhook",
				children: [
					/* @__PURE__ */ jsxs("h2", {
						id: "webhook",
						children: [
							found.name,
							" ",
							/* @__PURE__ */ jsx(HealthWord, {
								status: found.callbackHealth.status,
								small: !0
							})
						]
					}),
					/* @__PURE__ */ jsx(Facts, { of: [
						[t.webhook, found.webhookUrl ? /* @__PURE__ */ jsx("code", { children: found.webhookUrl }) : texts.value.none],
						[texts.value.fields.noticeMode, found.noticeMode],
						...(found.webhookSigningSecrets ?? []).map(({ createdAt }, at) => [`${t.secret} ${at + 1}`, /* @__PURE__ */ jsxs(Fragment, { children: [
							/* @__PURE__ */ jsx("code", { children: secrets.value?.[at] ?? "whsec_••••••••" }),
							" ",
							/* @__PURE__ */ jsx(Time, {
								at: createdAt,
								whole: !0
							})
						] })])
					] }),
					mayChange && /* @__PURE__ */ jsxs("div", {
						class: "row",
						children: [
							/* @__PURE__ */ jsx(Create, {
								label: t.change,
								fields: itself ? { webhookUrl: [] } : {
									name: [],
									webhookUrl: [],
									noticeMode: ["EACH", "DIGEST"]
								},
								values: {
									name: found.name,
									webhookUrl: found.webhookUrl,
									noticeMode: found.noticeMode
								},
								work: (input) => ask(update, { input: {
									...input,
									ssoClientId: id,
									ifVersion: found.version
								} }).then(done)
							}),
							/* @__PURE__ */ jsx(Act, {
								label: t.test,
								work: async () => {
									tested.value = (await ask(test, { input: { ssoClientId: id } })).sendTestCallback.attempt, done();
								}
							}),
							found.webhookSigningSecrets && /* @__PURE__ */ jsxs(Fragment, { children: [/* @__PURE__ */ jsx(Act, {
								label: secrets.value ? texts.value.hide : t.reveal,
								work: async () => {
									secrets.value = secrets.value ? void 0 : (await ask(reveal, { id })).getSSOClient?.webhookSigningSecrets?.map(({ secret }) => secret);
								}
							}), /* @__PURE__ */ jsx(Act, {
								label: t.rotate,
								sure: t.rotateHint,
								work: async () => {
									await ask(rotate, { input: { ssoClientId: id } }), secrets.value = void 0, done();
								}
							})] }),
							found.keys && /* @__PURE__ */ jsx(Create, {
								label: t.newKey,
								fields: { "name*": [] },
								work: async ({ name }) => {
									let { createSSOClientKey: made } = await ask(createKey, { input: {
										ssoClientId: id,
										name
									} });
									return done(), made.key;
								}
							})
						]
					}),
					/* @__PURE__ */ jsx("div", {
						role: "status",
						children: tested.value && /* @__PURE__ */ jsxs("p", { children: [
							/* @__PURE__ */ jsx(Outcome, { of: tested.value }),
							" ",
							tested.value.error?.message
						] })
					}),
					found.keys && found.keys.length > 0 && /* @__PURE__ */ jsx(Table, {
						title: t.keys,
						head: [
							t.name,
							texts.value.work.created,
							t.key
						],
						rows: found.keys.map((key) => [
							key.name,
							/* @__PURE__ */ jsx(Time, {
								at: key.createdAt,
								whole: !0
							}),
							/* @__PURE__ */ jsx(Act, {
								label: t.deleteKey,
								sure: t.deleteHint,
								work: () => ask(deleteKey, { input: { ssoClientKeyId: key.id } }).then(done)
							})
						])
					})
				]
			}),
			itself && /* @__PURE__ */ jsx(List, {
				title: texts.value.nav.accounts,
				document: accounts,
				variables: {},
				of: (data) => data.accounts,
				head: [
					t.name,
					t.health,
					t.failures
				],
				none: /* @__PURE__ */ jsx("p", { children: t.none }),
				row: ({ rawID, name, callbackHealth }) => [
					/* @__PURE__ */ jsx("a", {
						href: `/console/accounts/${rawID}`,
						children: name
					}),
					/* @__PURE__ */ jsx(HealthWord, {
						status: callbackHealth.status,
						small: !0
					}),
					/* @__PURE__ */ jsx("a", {
						href: `/console/accounts/${rawID}?status=FAILED`,
						children: t.failures
					})
				]
			}),
			/* @__PURE__ */ jsx(History, {
				owner: {
					kind: "ssoClient",
					id: found.id
				},
				mayChange,
				turn: round.value,
				stirred: turn.next
			})
		] })
	});
}
export { OwnPartner, Partner };
