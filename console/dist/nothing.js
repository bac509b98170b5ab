import { $ as texts } from "./shared.js";
import { jsx, jsxs } from "preact/jsx-runtime";
// src/pages/nothing.tsx
function Nothing() {
	let t = texts.value.nothing;
	return /* @__PURE__ */ jsxs("section", {
		class: "empty",
		children: [/* @__PURE__ */ jsx("h1", { children: t.title }), /* @__PURE__ */ jsx("p", { children: /* @__PURE__ */ jsx("a", {
			href: "/console",
			children: t.back
		}) })]
	});
}
export { Nothing };
