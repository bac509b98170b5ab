import { $ as texts, E as Loaded, H as nameOf, I as curl, K as sentences, P as viewer, W as prettyJSON, X as place, _ as Time, at as graphql, d as Remedy, dt as parameters, f as Source, ft as withParameters, k as CopyButton, l as Outcome, m as Tag, p as StatusTag, u as Phases, ut as link, v as Until, w as later, x as useAsk, z as formFields } from "./shared.js";
import { c as canReplay, d as mayAct, f as row, l as canRetry, o as what, s as canCancel, u as isNotice } from "./history.js";
import { useSignal } from "@preact/signals";
import { Fragment, jsx, jsxs } from "preact/jsx-runtime";
import { useEffect, useRef } from "preact/hooks";
// src/history/exchange.tsx
var mostShown = 1e5;
function HeaderList({ title, of }) {
	return of ? /* @__PURE__ */ jsxs("details", { children: [/* @__PURE__ */ jsxs("summary", { children: [
		title,
		" ",
		/* @__PURE__ */ jsx("small", { children: of.length })
	] }), /* @__PURE__ */ jsx("pre", {
		tabIndex: 0,
		"aria-label": title,
		children: of.map(({ name, value }) => `${name}: ${value}`).join("\n")
	})] }) : null;
}
function Body({ title, type, text, cut, gone }) {
	let t = texts.value.detail, raw = useSignal(!1), small = text.length <= mostShown, form = small && /^application\/x-www-form-urlencoded/.test(type) ? formFields(text) : null, json = small && !form ? prettyJSON(text) : null;
	return /* @__PURE__ */ jsxs(Fragment, { children: [
		/* @__PURE__ */ jsxs("h4", {
			class: "row",
			children: [
				title,
				" ",
				/* @__PURE__ */ jsx("small", { children: type }),
				/* @__PURE__ */ jsxs("span", {
					class: "end",
					children: [(form ?? json) && /* @__PURE__ */ jsx("button", {
						type: "button",
						class: "link",
						onClick: () => raw.value = !raw.value,
						children: raw.value ? t.pretty : t.raw
					}), text && /* @__PURE__ */ jsx(CopyButton, {
						quiet: !0,
						text
					})]
				})
			]
		}),
		gone && /* @__PURE__ */ jsxs("p", {
			class: "hint",
			children: [
				t.deleted,
				" ",
				/* @__PURE__ */ jsx(Time, {
					at: gone,
					whole: !0
				})
			]
		}),
		form && !raw.value ? /* @__PURE__ */ jsx("table", {
			class: "form",
			children: /* @__PURE__ */ jsx("tbody", { children: form.map(([name, value], index) => /* @__PURE__ */ jsxs("tr", { children: [/* @__PURE__ */ jsx("th", {
				scope: "row",
				children: name
			}), /* @__PURE__ */ jsx("td", { children: value || /* @__PURE__ */ jsx("span", {
				class: "soft",
				children: t.empty
			}) })] }, index)) })
		}) : text && /* @__PURE__ */ jsx("pre", {
			tabIndex: 0,
			"aria-label": title,
			children: !raw.value && json || text.slice(0, mostShown)
		}),
		(cut || !small) && /* @__PURE__ */ jsx("p", {
			class: "hint",
			children: cut ? t.cut : t.long
		})
	] });
}
// src/history/detail.tsx
var ReplayTo = later(async () => (await import("./replayto.js")).ReplayTo), detail = graphql("query Detail($uid: ID!) {\n    getCallback(uid: $uid) {\n      ...Row\n      ref contentType payload payloadPurgedAt givesUpAt\n      replays { uid createdAt }\n      replayedBy { firstName lastName username }\n      attempts(last: 100) {\n        totalCount\n        edges {\n          cursor\n          node { uid number startedAt durationMs httpStatus remedy error { code message } timings { dnsMs connectMs tlsMs firstByteMs } }\n        }\n      }\n      project { rawID name effectiveApiCallback { url source } }\n    }\n  }", [row]), exchange = graphql("\n  query Exchange($uid: ID!, $before: String) {\n    getCallback(uid: $uid) {\n      attempts(last: 1, before: $before) {\n        nodes {\n          number url warning trigger\n          requestHeaders { name value }\n          responseHeaders { name value }\n          responseBody responseBodyTruncated headersTruncated\n          remoteAddress httpVersion tlsVersion connectionReused\n          retryAfter { header notBefore }\n        }\n      }\n    }\n  }\n");
function DetailOf({ uid, round, mayChange, act }) {
	let asked = useAsk(detail, { uid }, round);
	return /* @__PURE__ */ jsx(Loaded, {
		of: asked,
		rows: 4,
		children: ({ getCallback }) => getCallback && /* @__PURE__ */ jsx(Shown, {
			callback: getCallback,
			mayChange,
			act,
			again: asked.again
		})
	});
}
function Shown({ callback: c, mayChange, act, again }) {
	let t = texts.value.detail, edges = c.attempts.edges, wanted = edges.findIndex(({ node }) => String(node.number) === parameters.value.get("attempt")), shown = wanted < 0 ? edges.length - 1 : wanted, attempt = edges[shown]?.node, asked = useAsk(exchange, attempt ? {
		uid: c.uid,
		before: edges[shown + 1]?.cursor ?? null
	} : null, (attempt?.number ?? 0) * 2 + Number(attempt?.durationMs !== null)), got = asked.data.value?.getCallback?.attempts.nodes[0], sent = got && got.number === attempt?.number ? got : void 0, elsewhere = useSignal(!1), may = mayAct(c, mayChange), most = Math.max(...edges.map(({ node }) => node.durationMs ?? 0)), command = () => curl(sent?.url ?? c.targetUrl ?? "https://", sent?.requestHeaders ?? [{
		name: "content-type",
		value: c.contentType
	}], c.payload), button = (text, run, primary = !1) => /* @__PURE__ */ jsx("button", {
		type: "button",
		class: primary ? "primary" : void 0,
		"aria-disabled": act.busy,
		onClick: () => void run().then(again),
		children: text
	}), buttons = useRef(null);
	useEffect(() => {
		act.done.peek() && document.activeElement === document.body && (buttons.current?.lastElementChild)?.focus();
	});
	let repeatable = canReplay(c) && c.replays.length < 3 && !c.payloadPurgedAt;
	return /* @__PURE__ */ jsxs("div", {
		class: "shown",
		children: [
			/* @__PURE__ */ jsxs("h3", {
				class: "row",
				children: [
					texts.value.events[c.event],
					" ",
					/* @__PURE__ */ jsx("code", { children: what(c) }),
					" ",
					/* @__PURE__ */ jsx(StatusTag, { of: c }),
					/* @__PURE__ */ jsxs("span", {
						class: "end",
						ref: buttons,
						children: [
							may && canRetry(c) && button(t.retry, () => act.retry(c), !0),
							may && repeatable && button(t.replay, () => act.replay(c), !0),
							may && repeatable && place.value.role === "Admin" && !isNotice(c) && /* @__PURE__ */ jsx("button", {
								type: "button",
								onClick: () => elsewhere.value = !0,
								children: t.replayTo
							}),
							may && canCancel(c) && !viewer.value?.ssoClient && button(t.cancel, () => act.cancel(c)),
							/* @__PURE__ */ jsx(CopyButton, {
								label: t.curl,
								text: command
							}),
							/* @__PURE__ */ jsx(CopyButton, {
								label: t.graphql,
								text: () => query(c.uid)
							}),
							/* @__PURE__ */ jsx(CopyButton, {
								label: t.link,
								text: () => link(withParameters({ callback: c.uid }))
							})
						]
					})
				]
			}),
			!may && /* @__PURE__ */ jsx("p", {
				class: "note",
				children: mayChange ? t.platforms : t.viewer
			}),
			may && c.event === "TEST" && /* @__PURE__ */ jsx("p", {
				class: "hint",
				children: t.test
			}),
			may && canReplay(c) && !repeatable && /* @__PURE__ */ jsx("p", {
				class: "hint",
				children: c.payloadPurgedAt ? t.purged : t.replayedEnough
			}),
			c.error && /* @__PURE__ */ jsxs("p", { children: [
				/* @__PURE__ */ jsx(Tag, {
					kind: "bad",
					sign: "✕",
					children: c.error.code
				}),
				" ",
				sentences(c.error.message),
				" ",
				/* @__PURE__ */ jsx(Remedy, { of: edges.at(-1)?.node.remedy })
			] }),
			edges.length < c.attempts.totalCount && /* @__PURE__ */ jsx("p", {
				class: "hint",
				children: t.lastAttempts(edges.length, c.attempts.totalCount)
			}),
			/* @__PURE__ */ jsxs("ol", {
				class: "attempts",
				children: [edges.map(({ node: a }, index) => /* @__PURE__ */ jsx("li", { children: /* @__PURE__ */ jsxs("a", {
					class: "line",
					href: withParameters({
						callback: c.uid,
						attempt: index === edges.length - 1 ? null : String(a.number)
					}),
					"aria-current": index === shown ? "true" : void 0,
					children: [
						/* @__PURE__ */ jsxs("span", { children: [
							a.number,
							" · ",
							/* @__PURE__ */ jsx(Time, { at: a.startedAt })
						] }),
						/* @__PURE__ */ jsx(Phases, {
							of: a,
							most
						}),
						/* @__PURE__ */ jsx(Outcome, { of: a })
					]
				}) }, a.uid)), c.status === "PENDING" && /* @__PURE__ */ jsx(Next, { callback: c })]
			}),
			attempt && /* @__PURE__ */ jsx(Loaded, {
				of: asked,
				children: () => sent && /* @__PURE__ */ jsx(About, { attempt: sent })
			}),
			/* @__PURE__ */ jsxs("div", {
				class: "exchange",
				children: [/* @__PURE__ */ jsxs("div", { children: [/* @__PURE__ */ jsx(HeaderList, {
					title: t.requestHeaders,
					of: sent?.requestHeaders
				}), /* @__PURE__ */ jsx(Body, {
					title: t.request,
					type: c.contentType,
					text: c.payload,
					gone: c.payloadPurgedAt
				})] }), sent && sent.responseBody !== null && /* @__PURE__ */ jsxs("div", { children: [/* @__PURE__ */ jsx(HeaderList, {
					title: t.responseHeaders,
					of: sent.responseHeaders
				}), /* @__PURE__ */ jsx(Body, {
					title: t.response,
					type: sent.responseHeaders?.find(({ name }) => name.toLowerCase() === "content-type")?.value ?? "",
					text: sent.responseBody,
					cut: sent.responseBodyTruncated
				})] })]
			}),
			sent?.headersTruncated && /* @__PURE__ */ jsx("p", {
				class: "hint",
				children: t.moreHeaders
			}),
			/* @__PURE__ */ jsx(Kin, { callback: c }),
			elsewhere.value && /* @__PURE__ */ jsx(ReplayTo, {
				uid: c.uid,
				close: () => elsewhere.value = !1,
				done: again,
				act
			})
		]
	});
}
function Next({ callback: c }) {
	let t = texts.value.detail, now = c.project?.effectiveApiCallback;
	return /* @__PURE__ */ jsxs("li", {
		class: "line",
		children: [/* @__PURE__ */ jsxs("span", { children: [
			c.attemptCount + 1,
			" · ",
			c.nextAttemptAt ? /* @__PURE__ */ jsx(Until, {
				at: c.nextAttemptAt,
				text: texts.value.history.in,
				due: texts.value.history.due
			}) : c.heldByPause ? t.paused : t.behind
		] }), /* @__PURE__ */ jsxs("span", {
			class: "soft",
			children: [
				t.goesTo,
				" ",
				/* @__PURE__ */ jsx("code", { children: c.targetUrl ?? now?.url ?? "–" }),
				" ",
				now && (c.targetUrl ?? now.url) === now.url && /* @__PURE__ */ jsx(Source, { of: now.source }),
				c.givesUpAt && /* @__PURE__ */ jsxs(Fragment, { children: [
					" ",
					"· ",
					t.givesUp,
					" ",
					/* @__PURE__ */ jsx(Time, {
						at: c.givesUpAt,
						whole: !0
					})
				] })
			]
		})]
	});
}
function About({ attempt: a }) {
	let t = texts.value.detail;
	return /* @__PURE__ */ jsxs(Fragment, { children: [a.warning && /* @__PURE__ */ jsxs("p", {
		class: "wait",
		children: ["▲ ", a.warning]
	}), /* @__PURE__ */ jsxs("p", {
		class: "hint",
		children: [
			t.attempt(a.number),
			": ",
			[
				a.url,
				a.remoteAddress,
				a.httpVersion,
				a.tlsVersion,
				a.connectionReused && t.reused,
				t.triggers[a.trigger]
			].filter(Boolean).join(" · "),
			a.retryAfter && /* @__PURE__ */ jsxs(Fragment, { children: [
				" ",
				"· Retry-After: ",
				a.retryAfter.header,
				" ",
				a.retryAfter.notBefore && /* @__PURE__ */ jsx(Time, {
					at: a.retryAfter.notBefore,
					whole: !0
				})
			] })
		]
	})] });
}
function Kin({ callback: c }) {
	let t = texts.value.detail;
	return /* @__PURE__ */ jsxs("p", {
		class: "hint",
		children: [
			"uid ",
			/* @__PURE__ */ jsx("code", { children: c.uid }),
			" ",
			/* @__PURE__ */ jsx(CopyButton, {
				quiet: !0,
				text: c.uid
			}),
			c.replayOf && /* @__PURE__ */ jsxs(Fragment, { children: [
				" · ",
				/* @__PURE__ */ jsx("a", {
					href: withParameters({
						callback: c.replayOf.uid,
						attempt: null
					}),
					children: t.original
				}),
				" ",
				c.replayedBy && nameOf(c.replayedBy)
			] }),
			c.replays.map(({ uid, createdAt }) => /* @__PURE__ */ jsxs("span", { children: [" · ", /* @__PURE__ */ jsxs("a", {
				href: withParameters({
					callback: uid,
					attempt: null
				}),
				children: [
					t.replayedAt,
					" ",
					/* @__PURE__ */ jsx(Time, {
						at: createdAt,
						whole: !0
					})
				]
			})] }, uid))
		]
	});
}
var query = (uid) => `{
  getCallback(uid: "${uid}") {
    uid ref event status targetUrl payload nextAttemptAt
    error { code message }
    attempts { nodes { number startedAt durationMs httpStatus remedy responseBody error { code message } timings { dnsMs connectMs tlsMs firstByteMs } } }
  }
}`;
export { DetailOf };
