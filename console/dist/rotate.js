import { A as Dialog, O as Answers, T as Failed, at as graphql, b as useAct, ot as ask } from "./shared.js";
import { t as texts } from "./dialogs.js";
import { useSignal } from "@preact/signals";
import { jsx, jsxs } from "preact/jsx-runtime";
// src/settings/rotate.tsx
var rotate = graphql("mutation Rotate($input: RotateCallbackSigningSecretInput!) { rotateCallbackSigningSecret(input: $input) { callbackSigningSecret { createdAt } } }"), overlaps = [
	"0s",
	"1h",
	"24h",
	"168h",
	"720h"
];
function Rotate({ projectId, close, done }) {
	let t = texts.value.rotation, overlap = useSignal("24h"), { busy, failure, act } = useAct();
	return /* @__PURE__ */ jsx(Dialog, {
		title: t.title,
		onClose: close,
		children: /* @__PURE__ */ jsxs("form", {
			onSubmit: (event) => {
				event.preventDefault(), act(async () => {
					await ask(rotate, { input: {
						projectId,
						expireOldAfter: overlap.value
					} }), done(), close();
				});
			},
			children: [
				/* @__PURE__ */ jsx("p", { children: t.hint }),
				/* @__PURE__ */ jsxs("fieldset", {
					class: "field",
					children: [/* @__PURE__ */ jsx("legend", { children: t.overlap }), overlaps.map((value) => /* @__PURE__ */ jsxs("label", {
						class: "option",
						children: [
							/* @__PURE__ */ jsx("input", {
								type: "radio",
								name: "overlap",
								checked: overlap.value === value,
								onChange: () => overlap.value = value
							}),
							" ",
							t.overlaps[value]
						]
					}, value))]
				}),
				failure.value && /* @__PURE__ */ jsx(Failed, { failure: failure.value }),
				/* @__PURE__ */ jsx(Answers, {
					close,
					children: /* @__PURE__ */ jsx("button", {
						class: "primary",
						disabled: busy,
						children: t.now
					})
				})
			]
		})
	});
}
export { Rotate };
