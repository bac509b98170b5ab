import { $ as texts, E as Loaded, X as place, at as graphql, c as HealthWord, dt as parameters, ft as withParameters, j as Field, lt as go, x as useAsk } from "./shared.js";
import { useSignal } from "@preact/signals";
import { Fragment, jsx, jsxs } from "preact/jsx-runtime";
import { useEffect } from "preact/hooks";
// src/pages/home.tsx
var list = graphql("\n  query Home($after: String) {\n    accounts(first: 20, after: $after) {\n      nodes {\n        id rawID name role\n        projects(first: 50) {\n          totalCount\n          nodes { id rawID name primaryDomain callbackHealth { status } }\n        }\n      }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n");
function Home() {
	let t = texts.value.home, after = useSignal(null), before = useSignal([]), asked = useAsk(list, { after: after.value }), wanted = parameters.value.get("q") ?? "";
	return useEffect(() => {
		place.value = {};
	}, []), /* @__PURE__ */ jsxs("div", {
		class: "narrow",
		children: [/* @__PURE__ */ jsx("h1", { children: t.title }), /* @__PURE__ */ jsx(Loaded, {
			of: asked,
			rows: 5,
			children: ({ accounts: { nodes, pageInfo } }) => {
				let all = [...before.value, ...nodes.filter(({ id }) => !before.value.some((account) => account.id === id))], found = all.map((account) => ({
					account,
					projects: account.projects.nodes.filter((project) => matches(project, wanted))
				})).filter(({ projects }) => projects.length || !wanted);
				return /* @__PURE__ */ jsxs(Fragment, { children: [
					all.some(({ projects }) => projects.nodes.length > 5) && /* @__PURE__ */ jsx(Field, {
						label: t.find,
						children: (props) => /* @__PURE__ */ jsx("input", {
							...props,
							type: "search",
							value: wanted,
							onInput: (event) => go(withParameters({ q: event.currentTarget.value }), !0)
						})
					}),
					found.map(({ account, projects }) => /* @__PURE__ */ jsx(AccountCard, {
						account,
						projects
					}, account.id)),
					!found.length && /* @__PURE__ */ jsx("section", {
						class: "empty",
						children: wanted ? /* @__PURE__ */ jsxs("p", { children: [
							t.noMatch,
							" ",
							/* @__PURE__ */ jsx("a", {
								href: withParameters({ q: null }),
								children: t.clear
							})
						] }) : /* @__PURE__ */ jsxs(Fragment, { children: [/* @__PURE__ */ jsx("p", { children: t.noAccounts }), /* @__PURE__ */ jsx("p", {
							class: "hint",
							children: t.noAccountsHint
						})] })
					}),
					pageInfo.hasNextPage && /* @__PURE__ */ jsx("button", {
						type: "button",
						disabled: asked.busy,
						onClick: () => {
							before.value = all, after.value = pageInfo.endCursor;
						},
						children: t.more
					})
				] });
			}
		})]
	});
}
function matches(project, wanted) {
	return `${project.name}\n${project.primaryDomain}\n${project.rawID}`.toLowerCase().includes(wanted.toLowerCase());
}
function AccountCard({ account, projects }) {
	let t = texts.value;
	return /* @__PURE__ */ jsxs("section", {
		"aria-label": account.name,
		children: [
			/* @__PURE__ */ jsxs("h2", { children: [/* @__PURE__ */ jsx("a", {
				href: `/console/accounts/${account.rawID}`,
				children: account.name
			}), /* @__PURE__ */ jsxs("small", { children: [
				account.role && t.roles[account.role],
				" · ",
				t.home.projects(account.projects.totalCount)
			] })] }),
			account.projects.totalCount === 0 && /* @__PURE__ */ jsxs("div", {
				class: "empty",
				children: [/* @__PURE__ */ jsx("p", { children: t.home.noProjects }), /* @__PURE__ */ jsx("p", {
					class: "hint",
					children: t.home.noProjectsHint
				})]
			}),
			/* @__PURE__ */ jsx("ul", {
				class: "list",
				children: projects.map((project) => /* @__PURE__ */ jsxs("li", { children: [
					/* @__PURE__ */ jsxs("a", {
						href: `/console/projects/${project.rawID}`,
						children: [
							/* @__PURE__ */ jsx("b", { children: project.name }),
							" ",
							/* @__PURE__ */ jsx("span", {
								class: "soft",
								children: project.primaryDomain
							})
						]
					}),
					/* @__PURE__ */ jsx("span", {
						class: "soft",
						children: project.rawID
					}),
					/* @__PURE__ */ jsx(HealthWord, {
						status: project.callbackHealth.status,
						small: !0
					})
				] }, project.id))
			})
		]
	});
}
export { Home };
