import { A as Dialog } from "./shared.js";
import { t as texts } from "./dialogs.js";
import { jsx } from "preact/jsx-runtime";
// src/history/help.tsx
function Help({ close }) {
	let t = texts.value.keys;
	return /* @__PURE__ */ jsx(Dialog, {
		title: t.title,
		onClose: close,
		children: /* @__PURE__ */ jsx("dl", {
			class: "keys",
			children: Object.entries(t.list).map(([key, text]) => [/* @__PURE__ */ jsx("dt", { children: /* @__PURE__ */ jsx("kbd", { children: key }) }, key), /* @__PURE__ */ jsx("dd", { children: text }, `${key} text`)])
		})
	});
}
export { Help };
