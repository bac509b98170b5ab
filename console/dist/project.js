import { $ as texts, C as useSeen, E as Loaded, Y as here, Z as useHere, at as graphql, i as useTurn, lt as go, r as mayResend, x as useAsk } from "./shared.js";
import { n as SettingsOfProject, r as Health } from "./settings.js";
import { t as History } from "./history.js";
import { useSignal } from "@preact/signals";
import { Fragment, jsx, jsxs } from "preact/jsx-runtime";
import { useEffect } from "preact/hooks";
// src/pages/project.tsx
var overview = graphql("query Project($id: ObjectID!) { getProject(id: $id) { ...Here } }", [here]);
function Project({ route }) {
	let asked = useAsk(overview, { id: route.project }), project = asked.data.value?.getProject, part = useSignal(route.part === "settings" ? "settings" : "history"), health = useTurn(), history = useTurn(), settings = useTurn();
	return useSeen(() => {
		health.next(), settings.next();
	}), useEffect(() => {
		route.part === "settings" && go(`/console/projects/${route.project}`, !0);
	}, []), useHere(project), /* @__PURE__ */ jsx(Loaded, {
		of: asked,
		children: ({ getProject: found }) => found && /* @__PURE__ */ jsxs(Fragment, { children: [/* @__PURE__ */ jsx("div", {
			class: "tabs",
			children: ["history", "settings"].map((name) => /* @__PURE__ */ jsx("button", {
				type: "button",
				"aria-pressed": part.value === name,
				onClick: () => part.value = name,
				children: texts.value.project[name]
			}, name))
		}), /* @__PURE__ */ jsxs("div", {
			class: "columns",
			"data-part": part.value,
			children: [/* @__PURE__ */ jsxs("div", { children: [/* @__PURE__ */ jsx(Health, {
				owner: {
					kind: "project",
					id: found.id
				},
				turn: health.turn,
				moved: settings.next
			}), /* @__PURE__ */ jsx(History, {
				owner: {
					kind: "project",
					id: found.id
				},
				mayChange: mayResend(found.account.role),
				turn: history.turn,
				stirred: health.next
			})] }), /* @__PURE__ */ jsx("aside", {
				"aria-label": texts.value.project.settings,
				children: /* @__PURE__ */ jsx(SettingsOfProject, {
					id: found.id,
					turn: settings.turn,
					stirred: history.next
				})
			})]
		})] })
	});
}
export { Project };
