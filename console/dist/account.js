import { $ as texts, C as useSeen, E as Loaded, X as place, at as graphql, c as HealthWord, i as useTurn, r as mayResend, x as useAsk } from "./shared.js";
import { r as Health, t as SettingsOfAccount } from "./settings.js";
import { t as History } from "./history.js";
import { jsx, jsxs } from "preact/jsx-runtime";
import { useEffect } from "preact/hooks";
// src/pages/account.tsx
var overview = graphql("\n  query Account($id: ObjectID!) {\n    getAccount(id: $id) {\n      id rawID name timezone role\n      projects(first: 50) { totalCount nodes { id rawID name callbackHealth { status } } }\n    }\n  }\n");
function Account({ route }) {
	let t = texts.value, asked = useAsk(overview, { id: route.account }), account = asked.data.value?.getAccount, health = useTurn(), history = useTurn(), settings = useTurn();
	return useSeen(() => {
		health.next(), settings.next();
	}), useEffect(() => {
		account && (place.value = {
			account,
			zone: account.timezone,
			role: account.role
		});
	}, [account]), /* @__PURE__ */ jsx(Loaded, {
		of: asked,
		children: ({ getAccount: found }) => found && /* @__PURE__ */ jsxs("div", {
			class: "columns",
			children: [/* @__PURE__ */ jsxs("div", { children: [/* @__PURE__ */ jsx(Health, {
				owner: {
					kind: "account",
					id: found.id
				},
				turn: health.turn,
				moved: settings.next
			}), /* @__PURE__ */ jsx(History, {
				owner: {
					kind: "account",
					id: found.id
				},
				mayChange: mayResend(found.role),
				turn: history.turn,
				stirred: health.next
			})] }), /* @__PURE__ */ jsxs("aside", {
				"aria-label": t.project.settings,
				children: [/* @__PURE__ */ jsxs("section", {
					"aria-labelledby": "projects",
					children: [
						/* @__PURE__ */ jsxs("h2", {
							id: "projects",
							children: [
								t.account.projects,
								" ",
								/* @__PURE__ */ jsx("small", { children: t.home.projects(found.projects.totalCount) })
							]
						}),
						/* @__PURE__ */ jsx("ul", {
							class: "list",
							children: found.projects.nodes.map((project) => /* @__PURE__ */ jsxs("li", { children: [/* @__PURE__ */ jsx("a", {
								href: `/console/projects/${project.rawID}`,
								children: /* @__PURE__ */ jsx("b", { children: project.name })
							}), /* @__PURE__ */ jsx(HealthWord, {
								status: project.callbackHealth.status,
								small: !0
							})] }, project.id))
						}),
						found.projects.totalCount > 50 && /* @__PURE__ */ jsx("a", {
							href: "/console",
							children: t.home.more
						}),
						found.projects.totalCount === 0 && /* @__PURE__ */ jsx("p", {
							class: "hint",
							children: t.home.noProjects
						})
					]
				}), /* @__PURE__ */ jsx(SettingsOfAccount, {
					id: found.id,
					turn: settings.turn,
					stirred: history.next
				})]
			})]
		})
	});
}
export { Account };
