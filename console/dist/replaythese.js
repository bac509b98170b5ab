import { A as Dialog, D as Loading, G as randomKey, O as Answers, S as useEvery, T as Failed, a as listOwnerInput, at as graphql, b as useAct, ot as ask, x as useAsk } from "./shared.js";
import { t as texts } from "./dialogs.js";
import { a as whole, i as changes, n as Skipped, r as bulk } from "./history.js";
import { useSignal } from "@preact/signals";
import { Fragment, jsx, jsxs } from "preact/jsx-runtime";
import { useEffect } from "preact/hooks";
// src/history/replaythese.tsx
var target = graphql("query Target($id: ObjectID!) { getProject(id: $id) { effectiveApiCallback { url } } }"), webhook = graphql("query Webhook($id: ObjectID!) { getSSOClient(id: $id) { webhookUrl } }"), one = graphql("query BulkReplay($id: ObjectID!) { node(id: $id) { __typename ...Bulk } }", [bulk]), begin = graphql("mutation ReplayCallbacks($input: ReplayCallbacksInput!) { replayCallbacks(input: $input) { bulkReplay { ...Bulk } } }", [bulk]);
function ReplayThese({ owner, filter, close, begun }) {
	let t = texts.value.replayThese, id = useSignal(null), key = useSignal(randomKey()), counting = useAct(), beginning = useAct(), closed = useSignal(!1), input = {
		owner: listOwnerInput(owner),
		filter
	}, count = () => counting.act(async () => {
		id.value = (await ask(begin, { input: {
			...input,
			dryRun: !0
		} })).replayCallbacks.bulkReplay.id, closed.value && leave();
	}), asked = useAsk(one, id.value ? { id: id.value } : null), found = () => asked.data.value?.node, counted = found(), ready = counted?.status === "FINISHED", leave = () => {
		closed.value = !0, id.value && found()?.status !== "FINISHED" && ask(changes.cancel, { id: id.value }).catch(() => void 0);
	};
	useEffect(() => (count(), leave), []), useEvery(500, id.value !== null && !ready, asked.again);
	let ofProject = useAsk(target, owner.kind === "project" ? { id: owner.id } : null), ofPartner = useAsk(webhook, owner.kind === "ssoClient" ? { id: owner.id } : null), to = ofProject.data.value?.getProject?.effectiveApiCallback?.url ?? ofPartner.data.value?.getSSOClient?.webhookUrl, sent = counted ? counted.matched - counted.skipped : 0, failure = counting.failure.value ?? asked.failure.value;
	return /* @__PURE__ */ jsxs(Dialog, {
		title: texts.value.bulk.these,
		onClose: close,
		children: [
			failure && /* @__PURE__ */ jsx(Failed, {
				failure,
				again: () => counting.failure.value ? void count() : asked.again()
			}),
			!ready && !failure && /* @__PURE__ */ jsx(Loading, { rows: 2 }),
			/* @__PURE__ */ jsxs("div", {
				"aria-live": "polite",
				children: [counted && !ready && /* @__PURE__ */ jsx("p", {
					class: "hint",
					children: t.counting(whole(counted.matched))
				}), counted && ready && /* @__PURE__ */ jsxs(Fragment, { children: [
					/* @__PURE__ */ jsxs("p", { children: [
						/* @__PURE__ */ jsx("b", { children: t.would(whole(sent), sent) }),
						" ",
						t.matched(whole(counted.matched)),
						" ",
						/* @__PURE__ */ jsx(Skipped, { of: counted })
					] }),
					/* @__PURE__ */ jsx("p", { children: to ? /* @__PURE__ */ jsxs(Fragment, { children: [
						t.to,
						" ",
						/* @__PURE__ */ jsx("code", { children: to })
					] }) : t.toEach }),
					/* @__PURE__ */ jsx("p", {
						class: "hint",
						children: t.hint
					})
				] })]
			}),
			beginning.failure.value && /* @__PURE__ */ jsx(Failed, { failure: beginning.failure.value }),
			/* @__PURE__ */ jsx(Answers, {
				close,
				children: /* @__PURE__ */ jsx("button", {
					type: "button",
					class: "primary",
					disabled: !ready || sent === 0 || beginning.busy.value,
					onClick: () => void beginning.act(() => ask(begin, { input: {
						...input,
						dryRun: !1,
						idempotencyKey: key.value
					} })).then((done) => {
						done && (begun(), close());
					}),
					children: t.confirm(whole(sent))
				})
			})
		]
	});
}
export { ReplayThese };
