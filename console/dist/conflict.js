import { $ as texts, _ as Time } from "./shared.js";
import { jsx, jsxs } from "preact/jsx-runtime";
// src/settings/conflict.tsx
function Conflict({ form, current, keep, take }) {
	let t = texts.value.settings, { url, headers, maxInFlight, maxPerSecond } = form.values.value, names = current.apiCallbackHeaderKeys ?? [];
	return /* @__PURE__ */ jsxs("div", {
		class: "failed",
		role: "alert",
		children: [
			/* @__PURE__ */ jsxs("p", { children: [
				/* @__PURE__ */ jsx("b", { children: t.conflict }),
				" ",
				/* @__PURE__ */ jsx(Time, { at: String(current.updatedAt) })
			] }),
			/* @__PURE__ */ jsxs("table", {
				class: "both",
				children: [/* @__PURE__ */ jsx("thead", { children: /* @__PURE__ */ jsxs("tr", { children: [
					/* @__PURE__ */ jsx("td", {}),
					/* @__PURE__ */ jsx("th", {
						scope: "col",
						children: t.theirs
					}),
					/* @__PURE__ */ jsx("th", {
						scope: "col",
						children: t.yours
					})
				] }) }), /* @__PURE__ */ jsxs("tbody", { children: [
					/* @__PURE__ */ jsxs("tr", { children: [
						/* @__PURE__ */ jsx("th", {
							scope: "row",
							children: "URL"
						}),
						/* @__PURE__ */ jsx("td", {
							class: "mono",
							children: String(current.apiCallbackUrl ?? "–")
						}),
						/* @__PURE__ */ jsx("td", {
							class: "mono",
							children: url || "–"
						})
					] }),
					/* @__PURE__ */ jsxs("tr", { children: [
						/* @__PURE__ */ jsx("th", {
							scope: "row",
							children: t.headers
						}),
						/* @__PURE__ */ jsx("td", {
							class: "mono",
							children: names.join(", ") || "–"
						}),
						/* @__PURE__ */ jsx("td", {
							class: "mono",
							children: headers.map(({ key }) => key).join(", ") || "–"
						})
					] }),
					[[
						t.maxInFlight,
						current.apiCallbackMaxInFlight,
						maxInFlight
					], [
						t.maxPerSecond,
						current.apiCallbackMaxPerSecond,
						maxPerSecond
					]].map(([name, theirs, yours]) => (theirs || yours) && /* @__PURE__ */ jsxs("tr", { children: [
						/* @__PURE__ */ jsx("th", {
							scope: "row",
							children: name
						}),
						/* @__PURE__ */ jsx("td", { children: String(theirs ?? "–") }),
						/* @__PURE__ */ jsx("td", { children: yours || "–" })
					] }, name))
				] })]
			}),
			/* @__PURE__ */ jsxs("p", {
				class: "row",
				children: [/* @__PURE__ */ jsx("button", {
					type: "button",
					class: "primary",
					onClick: () => keep(Number(current.version)),
					children: t.keepMine
				}), /* @__PURE__ */ jsx("button", {
					type: "button",
					onClick: () => {
						form.undo(), take();
					},
					children: t.takeTheirs
				})]
			})
		]
	});
}
export { Conflict };
