import { $ as texts, A as Dialog, O as Answers, T as Failed, j as Field } from "./shared.js";
import { useSignal } from "@preact/signals";
import { jsx, jsxs } from "preact/jsx-runtime";
// src/history/replayto.tsx
function ReplayTo({ uid, close, done, act }) {
	let t = texts.value.detail, url = useSignal(""), problem = act.failure.value?.of("toUrl");
	return /* @__PURE__ */ jsx(Dialog, {
		title: t.replayTo,
		onClose: close,
		children: /* @__PURE__ */ jsxs("form", {
			onSubmit: (event) => {
				event.preventDefault(), act.replay({ uid }, url.value.trim()).then((row) => {
					row && (done(), close());
				});
			},
			children: [
				/* @__PURE__ */ jsx(Field, {
					label: "URL",
					hint: t.replayToHint,
					problem: problem || void 0,
					children: (props) => /* @__PURE__ */ jsx("input", {
						...props,
						type: "url",
						required: !0,
						placeholder: "https://",
						spellcheck: !1,
						value: url,
						onInput: (event) => url.value = event.currentTarget.value
					})
				}),
				act.failure.value && !problem && /* @__PURE__ */ jsx(Failed, { failure: act.failure.value }),
				/* @__PURE__ */ jsx(Answers, {
					close,
					children: /* @__PURE__ */ jsx("button", {
						class: "primary",
						disabled: act.busy,
						children: t.replay
					})
				})
			]
		})
	});
}
export { ReplayTo };
