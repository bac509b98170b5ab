import { A as Dialog, F as viewerName, M as Brand, O as Answers, T as Failed, _t as isKey, at as graphql, b as useAct, gt as forget, ht as expired, it as signInByCode, j as Field, nt as offeredCode, ot as ask, rt as refusedCode, tt as codeIn, yt as signIn } from "./shared.js";
import { t as texts } from "./dialogs.js";
import { useSignal } from "@preact/signals";
import { jsx, jsxs } from "preact/jsx-runtime";
// src/parts/signin.tsx
var byUserKey = graphql("\n  mutation SignInByUserKey($input: CreateSessionUsingUserKeyInput!) {\n    createSessionUsingUserKey(input: $input) { token }\n  }\n"), me = graphql("query Me { me { id } }"), some = graphql("query Some { accounts(first: 1) { totalCount } }"), refusals = [
	"UNAUTHENTICATED",
	"INCORRECT_LOGIN_CODE",
	"INCORRECT_USER_KEY_ID_OR_SECRET",
	"BAD_USER_INPUT"
], isRefused = (failure) => failure !== void 0 && refusals.includes(failure.code);
async function enter(text, userKeyId) {
	let code = codeIn(text);
	if (code) return signInByCode(code);
	if (text.startsWith("rbk_")) {
		let { createSessionUsingUserKey } = await ask(byUserKey, { input: {
			userKeyId,
			secret: text,
			name: "Console"
		} });
		return signIn(createSessionUsingUserKey.token);
	}
	if (!/^rb[st]_/.test(text) && !isKey(text)) return signInByCode(text);
	await ask(text.startsWith("rbs_") ? me : some, {}, text), signIn(text);
}
function Form() {
	let t = texts.value.signIn, secret = useSignal(""), userKeyId = useSignal(""), { busy, failure, act } = useAct(), refused = isRefused(failure.value), byKey = secret.value.startsWith("rbk_");
	return /* @__PURE__ */ jsxs("form", {
		onSubmit: (event) => {
			event.preventDefault(), act(() => enter(secret.value.trim(), userKeyId.value.trim()));
		},
		children: [
			/* @__PURE__ */ jsx(Field, {
				label: t.secret,
				hint: t.hint,
				problem: refused ? byKey ? t.wrongKey : t.wrong : refusedCode.value && !failure.value && !secret.value ? t.wrong : void 0,
				children: (props) => /* @__PURE__ */ jsx("input", {
					...props,
					type: "password",
					autocomplete: "off",
					autofocus: !0,
					required: !0,
					spellcheck: !1,
					value: secret,
					onInput: (event) => secret.value = event.currentTarget.value
				})
			}),
			byKey && /* @__PURE__ */ jsx(Field, {
				label: t.keyId,
				children: (props) => /* @__PURE__ */ jsx("input", {
					...props,
					autocomplete: "off",
					required: !0,
					spellcheck: !1,
					value: userKeyId,
					onInput: (event) => userKeyId.value = event.currentTarget.value
				})
			}),
			failure.value && !refused && /* @__PURE__ */ jsx(Failed, { failure: failure.value }),
			/* @__PURE__ */ jsxs("p", {
				class: "row",
				children: [/* @__PURE__ */ jsx("button", {
					class: "primary",
					disabled: busy,
					children: t.submit
				}), expired.value && /* @__PURE__ */ jsx("button", {
					type: "button",
					onClick: forget,
					children: texts.value.menu.signOut
				})]
			}),
			/* @__PURE__ */ jsx("p", {
				class: "hint",
				children: t.privacy
			})
		]
	});
}
function SignIn() {
	return /* @__PURE__ */ jsx("main", {
		class: "signin",
		children: /* @__PURE__ */ jsxs("section", { children: [
			/* @__PURE__ */ jsx("p", {
				class: "brand",
				children: /* @__PURE__ */ jsx(Brand, {})
			}),
			/* @__PURE__ */ jsx("h1", { children: texts.value.signIn.title }),
			/* @__PURE__ */ jsx(Form, {})
		] })
	});
}
function SignInAgain() {
	let t = texts.value.signIn;
	return /* @__PURE__ */ jsxs(Dialog, {
		title: t.again,
		children: [/* @__PURE__ */ jsx("p", { children: t.againHint }), /* @__PURE__ */ jsx(Form, {})]
	});
}
function SignInInstead() {
	let t = texts.value.signIn, { busy, failure, act } = useAct(), close = () => offeredCode.value = "";
	return /* @__PURE__ */ jsxs(Dialog, {
		title: t.instead,
		onClose: close,
		children: [
			/* @__PURE__ */ jsxs("p", { children: [
				expired.value ? `${t.again}.` : t.insteadOf(viewerName.value ?? "…"),
				" ",
				t.insteadHint
			] }),
			failure.value && (isRefused(failure.value) ? /* @__PURE__ */ jsxs("p", {
				class: "bad",
				children: ["✕ ", t.wrong]
			}) : /* @__PURE__ */ jsx(Failed, { failure: failure.value })),
			/* @__PURE__ */ jsx(Answers, {
				close,
				children: /* @__PURE__ */ jsx("button", {
					type: "button",
					class: "primary",
					disabled: busy,
					onClick: () => void act(async () => {
						await signInByCode(offeredCode.peek()), location.reload();
					}),
					children: t.submit
				})
			})
		]
	});
}
export { SignIn, SignInAgain, SignInInstead };
