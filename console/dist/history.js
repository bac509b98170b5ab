import { $ as texts, B as fromField, E as Loaded, G as randomKey, H as nameOf, J as toField, L as day, N as isPlatform, P as viewer, Q as locale, S as useEvery, T as Failed, U as number, _ as Time, a as listOwnerInput, at as graphql, b as useAct, ct as Failure, dt as parameters, et as en, ft as withParameters, h as cause, k as CopyButton, lt as go, m as Tag, mt as embedded, o as of, ot as ask, p as StatusTag, q as startOfDay, s as ownerInput, st as follow, ut as link, v as Until, vt as renewed, w as later, x as useAsk, y as zone } from "./shared.js";
import { batch, useSignal } from "@preact/signals";
import { Fragment, jsx, jsxs } from "preact/jsx-runtime";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
// src/history/data.ts
var row = graphql("\n  fragment Row on Callback {\n    id uid event status httpStatus attemptCount nextAttemptAt heldByPause createdAt finishedAt targetUrl\n    error { code message }\n    crawl { rawID }\n    reportDownload { reportId }\n    run { uid }\n    job { uuid }\n    replayOf { uid createdAt }\n    project { rawID name }\n  }\n"), page = graphql("fragment Page on CallbackConnection {\n    nodes { ...Row }\n    pageInfo { hasNextPage startCursor endCursor }\n    totalCount totalCountIsExact searchedUntil\n  }", [row]), callbacks = graphql("query Callbacks($id: ObjectID!, $first: Int, $after: String, $last: Int, $before: String, $filter: CallbackFilter, $orderBy: CallbackOrder) {\n    owner: getProject(id: $id) {\n      callbacks(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) { ...Page }\n    }\n  }", [row, page]);
async function readPage(owner, page) {
	let { owner: found } = await ask(of(callbacks, owner), {
		id: owner.id,
		...page
	});
	if (!found) throw new Failure([{
		code: "ENTITY_NOT_FOUND",
		message: ""
	}]);
	return found.callbacks;
}
var rowsAgain = graphql("query RowsAgain($ids: [ObjectID!]!) { nodes(ids: $ids) { __typename ...Row } }", [row]), changes$1 = graphql("subscription Changes($input: CallbackChangedInput!) { callbackChanged(input: $input) { kind cursor callback { ...Row } } }", [row]), retry = graphql("mutation Retry($uid: ID!) { retryCallback(input: { uid: $uid }) { callback { ...Row } } }", [row]), retryAll = graphql("mutation RetryCallbacks($input: RetryCallbacksInput!) { retryCallbacks(input: $input) { retriedCallbacks searchedUntil } }"), cancel = graphql("mutation Cancel($uid: ID!) { cancelCallback(input: { uid: $uid }) { callback { ...Row } } }", [row]), replay = graphql("mutation Replay($uid: ID!, $toUrl: String, $key: ID) { replayCallback(input: { uid: $uid, toUrl: $toUrl, idempotencyKey: $key }) { callback { ...Row } } }", [row]), canRetry = (row) => row.status === "PENDING" && row.nextAttemptAt !== null, canCancel = (row) => row.status === "PENDING", canReplay = (row) => (row.status === "SUCCESS" || row.status === "FAILED") && !row.replayOf && row.event !== "TEST", isNotice = (row) => row.event.startsWith("CALLBACK"), mayAct = (row, mayChange) => mayChange && (!isNotice(row) || !!(viewer.value?.ssoClient || isPlatform.value));
function useActions(updated) {
	let { busy, failure, act } = useAct(), done = useSignal(""), rest = useSignal({}), at = useSignal(void 0), begin = () => {
		done.value = "", embedded && (at.value = {
			top: `${document.activeElement.getBoundingClientRect().top}px`,
			bottom: "auto"
		});
	}, say = (said) => {
		done.value = said, setTimeout(() => done.value = "", 5e3);
	}, run = (work, said) => act(async () => {
		begin();
		let row = await work();
		return updated(row), say(said), row;
	}), t = texts.value.actions;
	return {
		busy,
		failure,
		done,
		at,
		retry: ({ uid }) => run(async () => (await ask(retry, { uid })).retryCallback.callback, t.retried),
		retryAll: (owner, filter) => act(async () => {
			begin();
			let input = {
				owner: listOwnerInput(owner),
				filter
			}, of = JSON.stringify(input);
			rest.value[of] && (input.filter = {
				...filter,
				createdAfter: rest.value[of]
			});
			let { retriedCallbacks, searchedUntil } = (await ask(retryAll, { input })).retryCallbacks;
			rest.value = { [of]: searchedUntil };
			let said = t.retriedAll(retriedCallbacks);
			searchedUntil ? done.value = `${said} ${t.retryRest}` : say(said);
		}),
		cancel: ({ uid }) => run(async () => (await ask(cancel, { uid })).cancelCallback.callback, t.cancelled),
		replay: ({ uid }, toUrl) => run(async () => (await ask(replay, {
			uid,
			toUrl,
			key: randomKey()
		})).replayCallback.callback, t.replayed)
	};
}
// src/history/what.ts
var what = (row) => row.reportDownload?.reportId ?? row.crawl?.rawID ?? row.job?.uuid ?? row.run?.uid ?? "–", statuses = [
	"PENDING",
	"RUNNING",
	"SUCCESS",
	"FAILED"
], events = Object.keys(en.events), causes = [
	"HTTP_STATUS",
	"TIMEOUT",
	"DNS_ERROR",
	"CONNECT_REFUSED",
	"CONNECT_TIMEOUT",
	"TLS_ERROR",
	"CONNECTION_RESET",
	"BLOCKED_ADDRESS",
	"INVALID_URL",
	"REDIRECT",
	"RESPONSE_TOO_LARGE",
	"MALFORMED_RESPONSE",
	"NO_CALLBACK_URL",
	"INTERRUPTED",
	"INTERNAL_ERROR",
	"LOCAL_ERROR",
	"SUPERSEDED",
	"CANCELLED"
], orders = [
	"CREATED",
	"FINISHED",
	"NEXT_ATTEMPT"
], filters = {
	status: {
		kind: "list",
		field: "status",
		options: statuses
	},
	event: {
		kind: "list",
		field: "event",
		options: events
	},
	cause: {
		kind: "list",
		field: "errorCode",
		options: causes
	},
	q: {
		kind: "text",
		field: "search"
	},
	createdAfter: {
		kind: "time",
		field: "createdAfter"
	},
	createdBefore: {
		kind: "time",
		field: "createdBefore"
	},
	finishedAfter: {
		kind: "time",
		field: "finishedAfter"
	},
	finishedBefore: {
		kind: "time",
		field: "finishedBefore"
	},
	nextAfter: {
		kind: "time",
		field: "nextAttemptAfter"
	},
	nextBefore: {
		kind: "time",
		field: "nextAttemptBefore"
	},
	http: {
		kind: "status",
		field: "httpStatusRange"
	},
	host: {
		kind: "text",
		field: "host"
	},
	attempts: {
		kind: "number",
		field: "minAttempts"
	},
	replay: {
		kind: "flag",
		field: "isReplay"
	},
	crawl: {
		kind: "text",
		field: "crawlId"
	},
	run: {
		kind: "text",
		field: "runUid"
	},
	job: {
		kind: "text",
		field: "jobUuid"
	},
	ref: {
		kind: "text",
		field: "ref"
	},
	uid: {
		kind: "text",
		field: "uid"
	}
}, filterNames = Object.keys(filters);
function statusRange(text) {
	let found = /^(\d{3})(?:-(\d{3}))?$/.exec(text.trim());
	if (found) return {
		from: Number(found[1]),
		to: Number(found[2] ?? found[1])
	};
	let whole = /^([1-5])xx$/i.exec(text.trim());
	return whole && {
		from: Number(whole[1]) * 100,
		to: Number(whole[1]) * 100 + 99
	};
}
function valueOf(kind, values, options) {
	let [first = ""] = values;
	switch (kind) {
		case "list": {
			let known = values.filter((value) => options?.includes(value));
			return known.length ? known : void 0;
		}
		case "number": return /^\d+$/.test(first) ? Number(first) : void 0;
		case "flag": return first === "true" || first !== "false" && void 0;
		case "status": return statusRange(first) ?? void 0;
		case "time": return Number.isNaN(Date.parse(first)) ? void 0 : first;
		default: return first.trim() || void 0;
	}
}
function filterOf(search) {
	let found = {};
	for (let name of filterNames) {
		let { kind, field, ...more } = filters[name], value = valueOf(kind, search.getAll(name), "options" in more ? more.options : void 0);
		value !== void 0 && (found[field] = value);
	}
	return Object.keys(found).length ? found : void 0;
}
function written(field, value) {
	if (field === "httpStatusRange") {
		let { from, to } = value;
		return [from === to ? String(from) : `${from ?? 100}-${to ?? 599}`];
	}
	return field === "crawlId" ? [atob(String(value).replace(/-/g, "+").replace(/_/g, "/")).replace(/^.*\D/, "")] : [value].flat().map(String);
}
function parametersOf(of) {
	let given = {
		...of,
		httpStatusRange: of.httpStatusRange ?? (of.httpStatus && {
			from: of.httpStatus,
			to: of.httpStatus
		})
	};
	return filterNames.flatMap((name) => {
		let value = given[filters[name].field];
		return value == null ? [] : [[name, written(filters[name].field, value)]];
	});
}
function orderOf(search) {
	let field = orders.find((order) => order === search.get("order")) ?? "CREATED", direction = search.get("dir") === "ASC" ? "ASC" : "DESC";
	return field === "CREATED" && direction === "DESC" ? void 0 : {
		field,
		direction
	};
}
// src/history/filterbar.tsx
var narrowed = (change) => withParameters({
	...change,
	callback: null
}), narrow = (change) => go(narrowed(change), !0), long = filterNames.filter((name) => ![
	"status",
	"event",
	"cause",
	"q",
	"createdAfter",
	"createdBefore"
].includes(name));
function FilterBar() {
	let t = texts.value.filters, search = parameters.value, chosen = (name) => search.getAll(name);
	return /* @__PURE__ */ jsxs("div", {
		class: "filters",
		role: "search",
		"aria-label": t.title,
		children: [
			/* @__PURE__ */ jsx(Search, {}),
			/* @__PURE__ */ jsx(Choose, {
				name: "status",
				options: statuses
			}),
			/* @__PURE__ */ jsx(Choose, {
				name: "event",
				options: events
			}),
			/* @__PURE__ */ jsx(Choose, {
				name: "cause",
				options: causes
			}),
			/* @__PURE__ */ jsxs(Drop, {
				label: t.names.created,
				value: search.get("createdAfter") || search.get("createdBefore") ? "✓" : t.any,
				children: [
					/* @__PURE__ */ jsx("p", {
						class: "row",
						children: [
							[t.today, 0],
							[t.week, 6],
							[t.month, 29]
						].map(([text, days]) => /* @__PURE__ */ jsx("button", {
							type: "button",
							onClick: () => narrow({
								createdAfter: startOfDay(/* @__PURE__ */ new Date(), zone(), days),
								createdBefore: null
							}),
							children: text
						}, days))
					}),
					/* @__PURE__ */ jsx(Plain, { name: "createdAfter" }),
					/* @__PURE__ */ jsx(Plain, { name: "createdBefore" })
				]
			}),
			/* @__PURE__ */ jsx(Drop, {
				label: t.more,
				value: String(long.filter((name) => chosen(name).length).length || ""),
				children: /* @__PURE__ */ jsxs("div", {
					class: "long",
					children: [
						long.map((name) => /* @__PURE__ */ jsx(Plain, { name }, name)),
						/* @__PURE__ */ jsxs("label", {
							class: "filter",
							children: [t.order, /* @__PURE__ */ jsx("select", {
								value: search.get("order") ?? "CREATED",
								onChange: (event) => narrow({ order: event.currentTarget.value === "CREATED" ? null : event.currentTarget.value }),
								children: orders.map((order) => /* @__PURE__ */ jsx("option", {
									value: order,
									selected: order === (search.get("order") ?? "CREATED"),
									children: t.orders[order]
								}, order))
							})]
						}),
						/* @__PURE__ */ jsxs("label", {
							class: "option",
							children: [
								/* @__PURE__ */ jsx("input", {
									type: "checkbox",
									checked: search.get("dir") === "ASC",
									onChange: (event) => narrow({ dir: event.currentTarget.checked ? "ASC" : null })
								}),
								" ",
								t.oldestFirst
							]
						})
					]
				})
			}),
			/* @__PURE__ */ jsx(Chips, {})
		]
	});
}
function Search() {
	let t = texts.value.filters, typed = useSignal(parameters.value.get("q") ?? ""), given = parameters.value.get("q") ?? "";
	return useEffect(() => void (typed.value = given), [given]), useEffect(() => {
		if (typed.value.trim() === given) return;
		let timer = setTimeout(() => narrow({ q: typed.value.trim() }), 300);
		return () => clearTimeout(timer);
	}, [typed.value]), /* @__PURE__ */ jsx("input", {
		id: "search",
		type: "search",
		"aria-label": t.search,
		placeholder: t.placeholder,
		spellcheck: !1,
		value: typed,
		onInput: (event) => typed.value = event.currentTarget.value
	});
}
function Drop({ label, value, children }) {
	let details = useRef(null);
	return useEffect(() => {
		let close = (event) => {
			let box = details.current;
			if (box?.open) {
				if (event instanceof KeyboardEvent) {
					if (event.key !== "Escape") return;
					box.querySelector("summary")?.focus();
				} else if (box.contains(event.target)) return;
				box.open = !1;
			}
		};
		return document.addEventListener("click", close), document.addEventListener("keydown", close), () => {
			document.removeEventListener("click", close), document.removeEventListener("keydown", close);
		};
	}, []), /* @__PURE__ */ jsxs("details", {
		class: "drop",
		ref: details,
		children: [/* @__PURE__ */ jsxs("summary", {
			class: "button",
			children: [
				label,
				" ",
				/* @__PURE__ */ jsx("b", { children: value })
			]
		}), /* @__PURE__ */ jsx("div", {
			class: "panel",
			children
		})]
	});
}
function Choose({ name, options }) {
	let t = texts.value.filters, chosen = parameters.value.getAll(name);
	return /* @__PURE__ */ jsx(Drop, {
		label: t.names[name],
		value: chosen.length === 0 ? t.any : chosen.length < 3 ? chosen.map((value) => wordOf(name, value)).join(", ") : String(chosen.length),
		children: options.map((option) => /* @__PURE__ */ jsxs("label", {
			class: "option",
			title: option,
			children: [
				/* @__PURE__ */ jsx("input", {
					type: "checkbox",
					checked: chosen.includes(option),
					onChange: (event) => narrow({ [name]: event.currentTarget.checked ? [...chosen, option] : chosen.filter((one) => one !== option) })
				}),
				" ",
				wordOf(name, option)
			]
		}, option))
	});
}
function Plain({ name }) {
	let t = texts.value.filters, { kind } = filters[name], value = parameters.value.get(name) ?? "";
	return kind === "flag" ? /* @__PURE__ */ jsxs("label", {
		class: "filter",
		children: [t.names[name], /* @__PURE__ */ jsxs("select", {
			value,
			onChange: (event) => narrow({ [name]: event.currentTarget.value }),
			children: [
				/* @__PURE__ */ jsx("option", {
					value: "",
					children: t.any
				}),
				/* @__PURE__ */ jsx("option", {
					value: "true",
					selected: value === "true",
					children: t.yes
				}),
				/* @__PURE__ */ jsx("option", {
					value: "false",
					selected: value === "false",
					children: t.no
				})
			]
		})]
	}) : /* @__PURE__ */ jsxs("label", {
		class: "filter",
		children: [t.names[name], /* @__PURE__ */ jsx("input", {
			type: kind === "time" ? "datetime-local" : kind === "number" ? "number" : "text",
			min: kind === "number" ? 1 : void 0,
			placeholder: kind === "status" ? "503, 5xx, 400-499" : void 0,
			"aria-invalid": kind === "status" && value !== "" && !statusRange(value),
			spellcheck: !1,
			value: kind === "time" ? toField(value, zone()) : value,
			onChange: (event) => narrow({ [name]: kind === "time" ? fromField(event.currentTarget.value, zone()) : event.currentTarget.value.trim() })
		})]
	});
}
function wordOf(name, value) {
	let t = texts.value;
	return name === "status" || name === "event" ? (name === "status" ? t.statuses : t.events)[value] : filters[name].kind === "time" ? toField(value, zone()).replace("T", " ") : value === "true" ? t.filters.yes : value === "false" ? t.filters.no : value;
}
function Chips() {
	let t = texts.value.filters, set = filterNames.filter((name) => ![
		"status",
		"event",
		"cause",
		"q"
	].includes(name) && parameters.value.get(name));
	return filterNames.some((name) => parameters.value.get(name)) ? /* @__PURE__ */ jsxs("p", {
		class: "row chips",
		children: [set.map((name) => /* @__PURE__ */ jsxs("a", {
			class: "button",
			href: narrowed({ [name]: null }),
			children: [
				t.names[name],
				" ",
				/* @__PURE__ */ jsx("b", { children: wordOf(name, parameters.value.get(name)) }),
				" ",
				/* @__PURE__ */ jsx("span", {
					"aria-hidden": "true",
					children: "✕"
				}),
				/* @__PURE__ */ jsx("span", {
					class: "unseen",
					children: t.remove
				})
			]
		}, name)), /* @__PURE__ */ jsx("a", {
			href: narrowed(Object.fromEntries(filterNames.map((name) => [name, null]))),
			children: t.clear
		})]
	}) : null;
}
// src/history/bulk.tsx
var bulk = graphql("\n  fragment Bulk on BulkReplay {\n    __typename id status matched done succeeded failed skipped startedAt finishedAt mayPause mayCancel\n    skippedReasons { reason count }\n    filter {\n      status event errorCode createdAfter createdBefore finishedAfter finishedBefore nextAttemptAfter nextAttemptBefore httpStatus httpStatusRange { from to }\n      host uid ref isReplay minAttempts crawlId runUid jobUuid search\n    }\n    createdBy { firstName lastName username }\n  }\n"), bulks = graphql("query BulkReplays($id: ObjectID!) { owner: getProject(id: $id) { bulkReplays(first: 50, dryRun: false) { nodes { ...Bulk } } } }", [bulk]), changes = {
	pause: graphql("mutation PauseBulkReplay($id: ObjectID!) { pauseBulkReplay(input: { bulkReplayId: $id }) { bulkReplay { id } } }"),
	resume: graphql("mutation ResumeBulkReplay($id: ObjectID!) { resumeBulkReplay(input: { bulkReplayId: $id }) { bulkReplay { id } } }"),
	cancel: graphql("mutation CancelBulkReplay($id: ObjectID!) { cancelBulkReplay(input: { bulkReplayId: $id }) { bulkReplay { id } } }")
}, signs = {
	COUNTING: ["plain", "•"],
	RUNNING: ["plain", "•"],
	PAUSED: ["wait", "‖"],
	CANCELLED: ["plain", "–"],
	FINISHED: ["ok", "✓"]
}, active = ({ status }) => status !== "CANCELLED" && status !== "FINISHED", whole = (value) => number(value, locale.value);
function useBulk(owner) {
	let asked = useAsk(of(bulks, owner), { id: owner.id }), nodes = asked.data.value?.owner?.bulkReplays.nodes ?? [];
	return useEvery(1500, nodes.some(active), asked.again), {
		nodes,
		again: asked.again
	};
}
function BulkReplays({ nodes, again }) {
	let t = texts.value.bulk;
	if (!nodes.length) return null;
	let shown = nodes.filter((node, place) => place === 0 || active(node)), earlier = nodes.filter((node) => !shown.includes(node));
	return /* @__PURE__ */ jsxs("div", {
		class: "bulks",
		children: [shown.map((node) => /* @__PURE__ */ jsx(BulkReplay, {
			node,
			again
		}, node.id)), earlier.length > 0 && /* @__PURE__ */ jsxs("details", { children: [/* @__PURE__ */ jsx("summary", {
			class: "soft",
			children: t.earlier(earlier.length)
		}), earlier.map((node) => /* @__PURE__ */ jsx(BulkReplay, {
			node,
			again
		}, node.id))] })]
	});
}
function BulkReplay({ node, again }) {
	let t = texts.value.bulk, { busy, failure, act } = useAct(), change = (name) => () => void act(() => ask(changes[name], { id: node.id })).then(again), [kind, sign] = signs[node.status], button = (name) => /* @__PURE__ */ jsx("button", {
		type: "button",
		disabled: busy.value,
		onClick: change(name),
		children: t[name]
	});
	return /* @__PURE__ */ jsxs("div", {
		class: "bulk",
		role: "group",
		"aria-label": t.title,
		children: [
			/* @__PURE__ */ jsxs("p", {
				class: "row",
				children: [
					/* @__PURE__ */ jsx("b", { children: t.title }),
					/* @__PURE__ */ jsx(Tag, {
						kind,
						sign,
						title: node.status,
						children: t.statuses[node.status]
					}),
					/* @__PURE__ */ jsxs("span", {
						class: "soft",
						children: [
							/* @__PURE__ */ jsx(Time, {
								at: node.startedAt,
								whole: !0
							}),
							" ",
							node.createdBy && nameOf(node.createdBy)
						]
					}),
					/* @__PURE__ */ jsxs("span", {
						class: "end",
						children: [node.mayPause && button(node.status === "PAUSED" ? "resume" : "pause"), node.mayCancel && button("cancel")]
					})
				]
			}),
			/* @__PURE__ */ jsx("p", { children: /* @__PURE__ */ jsx(These, { of: node.filter }) }),
			active(node) && /* @__PURE__ */ jsx("progress", {
				"aria-label": t.title,
				max: node.matched || 1,
				value: node.status === "COUNTING" ? void 0 : node.done
			}),
			/* @__PURE__ */ jsxs("p", {
				class: "hint",
				children: [
					t.result(whole(node.done), whole(node.matched), whole(node.succeeded), whole(node.failed)),
					" ",
					/* @__PURE__ */ jsx(Skipped, { of: node }),
					" ",
					/* @__PURE__ */ jsx("a", {
						href: withParameters({
							replay: "true",
							createdAfter: node.startedAt,
							callback: null
						}),
						children: t.show
					})
				]
			}),
			failure.value && /* @__PURE__ */ jsx(Failed, { failure: failure.value })
		]
	});
}
function These({ of }) {
	let t = texts.value, set = parametersOf(of);
	return set.length ? /* @__PURE__ */ jsx(Fragment, { children: set.map(([name, values], place) => /* @__PURE__ */ jsxs("span", { children: [
		place > 0 && " · ",
		t.filters.names[name],
		" ",
		/* @__PURE__ */ jsx("b", { children: values.map((value) => wordOf(name, value)).join(", ") })
	] }, name)) }) : /* @__PURE__ */ jsx(Fragment, { children: t.bulk.all });
}
function Skipped({ of: { skipped, skippedReasons } }) {
	let t = texts.value.bulk;
	return skipped ? /* @__PURE__ */ jsxs(Fragment, { children: [
		t.skipped(whole(skipped)),
		": ",
		skippedReasons.map(({ reason, count }) => `${t.reasons[reason]} (${whole(count)})`).join(", "),
		"."
	] }) : null;
}
// src/history/csv.ts
var formula = /^\s*[=+\-@\t\r＝＋－＠]/;
function cell(value) {
	let text = value == null ? "" : String(value), safe = formula.test(text) ? `'${text}` : text;
	return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll("\"", "\"\"")}"` : safe;
}
var csv = (lines) => `\uFEFF${lines.map((line) => `${line.map(cell).join(",")}\r\n`).join("")}`, most = 1e4, mostPages = 200, columns = [
	["createdAt", (row) => row.createdAt],
	["status", (row) => row.status],
	["event", (row) => row.event],
	["of", what],
	["projectId", (row) => row.project?.rawID],
	["attemptCount", (row) => row.attemptCount],
	["httpStatus", (row) => row.httpStatus],
	["errorCode", (row) => row.error?.code],
	["error", (row) => row.error?.message],
	["nextAttemptAt", (row) => row.nextAttemptAt],
	["finishedAt", (row) => row.finishedAt],
	["targetUrl", (row) => row.targetUrl],
	["uid", (row) => row.uid],
	["replayOf", (row) => row.replayOf?.uid]
];
function Export({ owner, filter, orderBy }) {
	let t = texts.value.csv, read = useSignal(0), said = useSignal(""), stopped = useRef(!1), { busy, failure, act } = useAct();
	useEffect(() => () => void (stopped.current = !0), []);
	let run = () => act(async () => {
		let rows = [], after = null, more = !0;
		stopped.current = !1, said.value = "";
		for (let pages = 0; more && rows.length < 1e4 && pages < mostPages; pages++) {
			let page = await readPage(owner, {
				filter,
				orderBy,
				first: 100,
				after
			});
			if (stopped.current) return;
			rows.push(...page.nodes), read.value = rows.length, {hasNextPage: more, endCursor: after} = page.pageInfo;
		}
		let link = document.createElement("a");
		link.href = URL.createObjectURL(new Blob([csv([columns.map(([name]) => name), ...rows.map((row) => columns.map(([, of]) => of(row)))])], { type: "text/csv" })), link.download = `callbacks-${owner.kind}-${(/* @__PURE__ */ new Date()).toISOString().slice(0, 19).replaceAll(":", "")}.csv`, link.click(), setTimeout(() => URL.revokeObjectURL(link.href), 6e4), said.value = more ? t.cut(number(rows.length, locale.value)) : t.done(number(rows.length, locale.value));
	});
	return /* @__PURE__ */ jsxs(Fragment, { children: [
		/* @__PURE__ */ jsx("button", {
			type: "button",
			title: t.hint(number(most, locale.value)),
			onClick: () => busy.value ? stopped.current = !0 : void run(),
			children: busy.value ? `${t.stop} · ${number(read.value, locale.value)}` : t.title
		}),
		/* @__PURE__ */ jsx("span", {
			class: "whole",
			role: "status",
			children: said.value
		}),
		failure.value && /* @__PURE__ */ jsx("div", {
			class: "whole",
			children: /* @__PURE__ */ jsx(Failed, {
				failure: failure.value,
				again: () => void run()
			})
		})
	] });
}
// src/history/keys.ts
function useKeys({ rows, selected, open, mayChange, act, help }) {
	useLayoutEffect(() => {
		let pressed = (event) => {
			let target = event.target;
			if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || target.matches("input, textarea, select") || "tr".includes(event.key) && target.closest("button, summary, form")) return;
			let place = rows.findIndex(({ uid }) => uid === selected.value), row = rows[place], move = (to) => {
				let next = rows[Math.max(0, Math.min(rows.length - 1, to))];
				if (!next) return;
				selected.value = next.uid;
				let link = document.getElementById(`row-${next.uid}`);
				link?.focus(), link?.scrollIntoView({ block: "nearest" });
			}, does = {
				j: () => move(place + 1),
				k: () => move(place < 0 ? 0 : place - 1),
				"/": () => document.getElementById("search")?.focus(),
				"?": () => help.value = !0,
				t: () => document.querySelector("[data-key=t]")?.click(),
				r: () => {
					row && mayAct(row, mayChange) && (canRetry(row) ? act.retry(row) : canReplay(row) && act.replay(row));
				},
				Escape: () => open && go(withParameters({ callback: null }), !0),
				Enter: () => {
					row && !target.matches("a, button, summary") && go(withParameters({ callback: row.uid }), !0);
				}
			}[event.key];
			does && (event.key !== "Enter" && event.preventDefault(), does());
		};
		return document.addEventListener("keydown", pressed), () => document.removeEventListener("keydown", pressed);
	});
}
// src/history/live.ts
var shortest = 500, longest = 3e4, final = [
	"UNAUTHENTICATED",
	"FORBIDDEN",
	"ENTITY_NOT_FOUND"
];
function watch({ follow, state, changed, missed }) {
	let cursor, wait = shortest, timer, current = 0, stop = () => {}, end = () => {
		current++, clearTimeout(timer), stop(), stop = () => {};
	}, begin = () => {
		if (end(), document.hidden) return;
		let mine = current;
		state("connecting"), stop = follow(cursor, (told) => {
			mine === current && (state("live"), wait = shortest, (told.kind === "RESYNC" || told.kind === "READY" && cursor === void 0) && missed(), cursor = told.cursor, told.kind === "CHANGED" && told.callback && changed(told.callback));
		}, (reason) => {
			if (mine === current) {
				if (reason && final.includes(reason.code)) return state("ended");
				reason?.code === "BAD_USER_INPUT" && (cursor = void 0), state(reason?.code === "OFFLINE" ? "offline" : "connecting"), timer = setTimeout(begin, reason?.code === "RECONNECT" ? 0 : wait), wait = Math.min(wait * 2, longest);
			}
		});
	}, offline = () => {
		end(), state("offline");
	}, seen = () => document.hidden ? end() : begin();
	return addEventListener("online", begin), addEventListener("offline", offline), document.addEventListener("visibilitychange", seen), begin(), () => {
		removeEventListener("online", begin), removeEventListener("offline", offline), document.removeEventListener("visibilitychange", seen), end();
	};
}
function renew(rows, known) {
	let by = new Map(known.map((row) => [row.uid, row]));
	return rows.map((row) => {
		let now = by.get(row.uid);
		return now && (now.finishedAt || !row.finishedAt) ? now : row;
	});
}
// src/history/rows.ts
var pageSize = 25, gather = 400, again = 3e4, mostRows = 1e3;
function useRows(owner, filter, orderBy, open, stirred) {
	let data = useSignal(void 0), failure = useSignal(void 0), busy = useSignal(!0), live = useSignal("connecting"), touched = useSignal(0), turn = useSignal(0), cursors = useRef({
		start: null,
		end: null
	}), gathering = useRef(void 0), key = JSON.stringify([
		owner,
		filter,
		orderBy
	]), now = useRef({
		key,
		open
	});
	now.current = {
		key,
		open
	};
	let read = (window) => readPage(owner, {
		filter,
		orderBy,
		...window
	}), attempt = async (work) => {
		busy.value = !0;
		try {
			await work(() => now.current.key === key), now.current.key === key && (failure.value = void 0);
		} catch (reason) {
			if (!(reason instanceof Failure)) throw reason;
			now.current.key === key && (failure.value = reason);
		} finally {
			now.current.key === key && (busy.value = !1);
		}
	}, first = () => attempt(async (alive) => {
		let page = await read({ first: pageSize });
		alive() && (cursors.current = {
			start: page.pageInfo.startCursor,
			end: page.pageInfo.endCursor
		}, data.value = {
			rows: page.nodes,
			fresh: [],
			more: page.pageInfo.hasNextPage,
			total: page.totalCount,
			exact: page.totalCountIsExact,
			searchedUntil: page.searchedUntil
		});
	}), more = () => attempt(async (alive) => {
		let page = await read({
			first: pageSize,
			after: cursors.current.end
		}), shown = data.peek();
		alive() && shown && (cursors.current.end = page.pageInfo.endCursor ?? cursors.current.end, data.value = {
			...shown,
			rows: [...shown.rows, ...page.nodes].slice(0, mostRows),
			more: page.pageInfo.hasNextPage,
			searchedUntil: page.searchedUntil
		});
	}), newer = async () => {
		if (!orderBy) {
			if (!cursors.current.start) return data.peek() && first();
			for (let full = !0; full && (data.peek()?.fresh.length ?? 300) < 300;) {
				let page = await read({
					last: 100,
					before: cursors.current.start
				}).catch(() => null), shown = data.peek();
				if (!page?.nodes.length || !shown || now.current.key !== key) return;
				cursors.current.start = page.pageInfo.startCursor;
				let fresh = page.nodes.filter(({ uid }) => !shown.fresh.some((row) => row.uid === uid));
				data.value = {
					...shown,
					fresh: [...fresh, ...shown.fresh],
					total: shown.total + (shown.exact ? fresh.length : 0)
				}, full = page.nodes.length === 100;
			}
		}
	}, showFresh = () => {
		let shown = data.peek();
		if (shown) {
			if (shown.fresh.length + shown.rows.length > 1e3 || shown.fresh.length >= 300) return void first();
			data.value = {
				...shown,
				rows: [...shown.fresh, ...shown.rows],
				fresh: []
			};
		}
	}, update = (changed) => {
		let shown = data.peek();
		shown && (data.value = {
			...shown,
			rows: renew(shown.rows, changed),
			fresh: renew(shown.fresh, changed)
		});
	}, laterNewer = () => {
		gathering.current ??= setTimeout(() => {
			gathering.current = void 0, newest.current();
		}, gather);
	}, newest = useRef(newer);
	newest.current = newer, useEffect(() => void first(), [
		key,
		turn.value,
		renewed.value
	]), useEffect(() => () => clearTimeout(gathering.current), []);
	let changed = (row) => batch(() => {
		stirred(), row.uid === now.current.open && touched.value++;
		let shown = data.peek();
		shown && [...shown.rows, ...shown.fresh].some(({ uid }) => uid === row.uid) ? update([row]) : laterNewer();
	}), missed = async () => {
		stirred(), touched.value++, laterNewer();
		let ids = data.peek()?.rows.map(({ id }) => id) ?? [];
		for (let place = 0; place < ids.length; place += 100) {
			let answer = await ask(rowsAgain, { ids: ids.slice(place, place + 100) }).catch(() => null);
			answer && update(answer.nodes.flatMap((node) => node?.__typename === "Callback" ? [node] : []));
		}
	}, told = useRef({
		changed,
		missed
	});
	return told.current = {
		changed,
		missed
	}, useEffect(() => {
		if (owner.kind === "ssoClient") {
			let timer = setInterval(() => document.hidden || void told.current.missed(), again);
			return () => clearInterval(timer);
		}
		let input = { owner: ownerInput(owner) };
		return watch({
			follow: (after, next, ended) => follow(changes$1, { input: {
				...input,
				after
			} }, ({ callbackChanged }) => next(callbackChanged), ended),
			state: (is) => live.value = is,
			changed: (row) => told.current.changed(row),
			missed: () => void told.current.missed()
		});
	}, [
		owner.kind,
		owner.id,
		renewed.value
	]), {
		asked: {
			data,
			failure,
			busy,
			again: () => turn.value++
		},
		more,
		showFresh,
		update,
		live,
		touched
	};
}
// src/history/history.tsx
var DetailOf = later(async () => (await import("./detail.js")).DetailOf), Help = later(async () => (await import("./help.js")).Help), ReplayThese = later(async () => (await import("./replaythese.js")).ReplayThese);
function History({ owner, mayChange, stirred, turn }) {
	let t = texts.value.history, filter = filterOf(parameters.value), order = orderOf(parameters.value), open = parameters.value.get("callback"), { asked, more, showFresh, update, live, touched } = useRows(owner, filter, order, open, stirred), bulk = useBulk(owner), replaying = useSignal(!1), act = useActions((row) => {
		update([row]), stirred();
	}), selected = useSignal(open), help = useSignal(!1), rows = asked.data.value?.rows ?? [];
	return useEffect(() => {
		turn && (stirred(), owner.kind === "ssoClient" && asked.again());
	}, [turn]), useKeys({
		rows,
		selected,
		open,
		mayChange,
		act,
		help
	}), /* @__PURE__ */ jsxs("section", {
		"aria-labelledby": "history",
		children: [
			/* @__PURE__ */ jsxs("h2", {
				id: "history",
				children: [
					t.title,
					/* @__PURE__ */ jsx("small", {
						role: "status",
						children: live.value === "live" ? /* @__PURE__ */ jsxs("span", {
							class: "ok",
							children: ["● ", t.states.live]
						}) : t.states[owner.kind === "ssoClient" ? "now" : live.value]
					}),
					/* @__PURE__ */ jsxs("span", {
						class: "end",
						children: [
							mayChange && rows.some(canRetry) && /* @__PURE__ */ jsx("button", {
								type: "button",
								"aria-disabled": act.busy.value,
								onClick: () => void act.retryAll(owner, filter),
								children: texts.value.actions.retryAll
							}),
							mayChange && /* @__PURE__ */ jsx("button", {
								type: "button",
								onClick: () => replaying.value = !0,
								children: texts.value.bulk.these
							}),
							/* @__PURE__ */ jsx(Export, {
								owner,
								filter,
								orderBy: order
							}),
							/* @__PURE__ */ jsx(CopyButton, {
								label: t.copyLink,
								text: () => link("")
							}),
							/* @__PURE__ */ jsx("button", {
								type: "button",
								"aria-label": t.help,
								onClick: () => help.value = !0,
								children: "?"
							})
						]
					})
				]
			}),
			/* @__PURE__ */ jsx(BulkReplays, { ...bulk }),
			/* @__PURE__ */ jsx(FilterBar, {}),
			/* @__PURE__ */ jsxs("div", {
				"aria-live": "polite",
				class: "said",
				style: act.at.value,
				children: [act.done.value && /* @__PURE__ */ jsxs("p", { children: ["✓ ", act.done.value] }), act.failure.value && /* @__PURE__ */ jsxs(Fragment, { children: [/* @__PURE__ */ jsx(Failed, { failure: act.failure.value }), act.failure.value.retryAt && /* @__PURE__ */ jsx(Until, {
					at: act.failure.value.retryAt,
					text: t.in
				})] })]
			}),
			open && !rows.some(({ uid }) => uid === open) && /* @__PURE__ */ jsx("div", {
				class: "alone",
				children: /* @__PURE__ */ jsx(DetailOf, {
					uid: open,
					round: touched.value,
					mayChange,
					act
				})
			}),
			/* @__PURE__ */ jsx(Loaded, {
				of: asked,
				rows: 8,
				children: (page) => /* @__PURE__ */ jsx(List, {
					page,
					busy: asked.busy.value,
					open,
					selected: selected.value,
					mayChange,
					act,
					filtered: filter !== void 0,
					owner,
					round: touched.value,
					more: () => void more(),
					showFresh
				})
			}),
			replaying.value && /* @__PURE__ */ jsx(ReplayThese, {
				owner,
				filter,
				close: () => replaying.value = !1,
				begun: bulk.again
			}),
			help.value && /* @__PURE__ */ jsx(Help, { close: () => help.value = !1 })
		]
	});
}
function List({ page, busy, open, selected, mayChange, act, filtered, owner, round, more, showFresh }) {
	let t = texts.value.history, { rows, fresh, total, exact, searchedUntil } = page, ordered = parameters.value.get("order") ?? "CREATED", when = (row) => ordered === "FINISHED" && row.finishedAt || ordered === "NEXT_ATTEMPT" && row.nextAttemptAt || row.createdAt, days = [];
	for (let row of rows) {
		let heading = day(when(row), zone(), locale.value);
		days.at(-1)?.[0] === heading ? days.at(-1)[1].push(row) : days.push([heading, [row]]);
	}
	let columns = owner.kind === "account" ? 8 : 7;
	return /* @__PURE__ */ jsxs(Fragment, { children: [
		fresh.length > 0 && /* @__PURE__ */ jsx("div", {
			class: "fresh",
			role: "status",
			children: /* @__PURE__ */ jsxs("button", {
				type: "button",
				class: "pill",
				onClick: showFresh,
				children: ["↑ ", t.fresh(fresh.length >= 300 ? "300+" : String(fresh.length))]
			})
		}),
		rows.length === 0 && fresh.length === 0 && (filtered ? /* @__PURE__ */ jsx(NoMatch, { until: searchedUntil }) : owner.kind === "ssoClient" ? /* @__PURE__ */ jsx("p", {
			class: "empty",
			children: t.noNotices
		}) : /* @__PURE__ */ jsx(NothingYet, {})),
		rows.length > 0 && /* @__PURE__ */ jsxs("table", {
			class: "callbacks",
			"aria-busy": busy,
			children: [
				/* @__PURE__ */ jsx("caption", {
					class: "unseen",
					children: t.title
				}),
				/* @__PURE__ */ jsx("thead", { children: /* @__PURE__ */ jsx("tr", { children: [
					t.status,
					t.event,
					...owner.kind === "account" ? [t.project] : [],
					t.what,
					t.attempts,
					t.cause,
					t.next,
					t.when
				].map((name) => /* @__PURE__ */ jsx("th", {
					scope: "col",
					children: name
				}, name)) }) }),
				days.map(([heading, list]) => /* @__PURE__ */ jsxs("tbody", { children: [/* @__PURE__ */ jsx("tr", {
					class: "day",
					children: /* @__PURE__ */ jsx("th", {
						scope: "rowgroup",
						colSpan: columns,
						children: heading
					})
				}), list.flatMap((row) => [/* @__PURE__ */ jsx(RowOf, {
					row,
					when: when(row),
					open: row.uid === open,
					selected: row.uid === selected,
					project: owner.kind === "account"
				}, row.uid), row.uid === open && /* @__PURE__ */ jsx("tr", {
					class: "detail",
					children: /* @__PURE__ */ jsx("td", {
						colSpan: columns,
						children: /* @__PURE__ */ jsx(DetailOf, {
							uid: row.uid,
							round,
							mayChange,
							act
						})
					})
				}, `${row.uid} detail`)])] }, heading))
			]
		}),
		/* @__PURE__ */ jsxs("p", {
			class: "row after",
			children: [
				page.more && rows.length < 1e3 && /* @__PURE__ */ jsx("button", {
					type: "button",
					disabled: busy,
					onClick: more,
					children: searchedUntil ? t.further : t.older
				}),
				searchedUntil && /* @__PURE__ */ jsxs("span", {
					class: "soft",
					children: [
						t.searchedUntil,
						" ",
						/* @__PURE__ */ jsx(Time, {
							at: searchedUntil,
							whole: !0
						})
					]
				}),
				rows.length >= 1e3 && /* @__PURE__ */ jsx("span", {
					class: "soft",
					children: t.most
				}),
				/* @__PURE__ */ jsx("span", {
					class: "soft end",
					children: t.total(`${number(exact ? total : Math.min(total, 5e3), locale.value)}${exact ? "" : "+"}`, total)
				})
			]
		})
	] });
}
var short = (id) => /^[0-9a-f-]{36}$/.test(id) ? `${id.slice(0, 4)}…${id.slice(-4)}` : id;
function RowOf({ row, when, open, selected, project }) {
	let t = texts.value;
	return /* @__PURE__ */ jsxs("tr", {
		class: `${open ? "open " : ""}${selected ? "selected" : ""}`,
		onClick: (event) => {
			!event.target.closest("a") && getSelection()?.isCollapsed !== !1 && go(withParameters({ callback: open ? null : row.uid }), !0);
		},
		children: [
			/* @__PURE__ */ jsx("td", { children: /* @__PURE__ */ jsx(StatusTag, { of: row }) }),
			/* @__PURE__ */ jsx("td", {
				class: "event",
				children: /* @__PURE__ */ jsx("a", {
					id: `row-${row.uid}`,
					href: withParameters({ callback: open ? null : row.uid }),
					"aria-expanded": open,
					title: row.event,
					children: t.events[row.event]
				})
			}),
			project && /* @__PURE__ */ jsx("td", {
				class: "project",
				children: row.project && /* @__PURE__ */ jsx("a", {
					href: `/console/projects/${row.project.rawID}`,
					children: row.project.name
				})
			}),
			/* @__PURE__ */ jsxs("td", {
				class: "grow",
				children: [
					/* @__PURE__ */ jsx("code", {
						title: what(row),
						children: short(what(row))
					}),
					" ",
					row.replayOf && /* @__PURE__ */ jsxs("small", { children: [
						t.history.replayOf,
						" ",
						/* @__PURE__ */ jsx(Time, { at: row.replayOf.createdAt })
					] })
				]
			}),
			/* @__PURE__ */ jsx("td", {
				"data-label": t.history.attempts,
				children: row.attemptCount
			}),
			/* @__PURE__ */ jsx("td", {
				title: row.error?.message,
				children: cause(row)
			}),
			/* @__PURE__ */ jsx("td", { children: row.nextAttemptAt && row.status === "PENDING" ? /* @__PURE__ */ jsx(Until, {
				at: row.nextAttemptAt,
				text: t.history.in,
				due: t.history.due
			}) : /* @__PURE__ */ jsx("span", {
				class: "dash",
				children: "–"
			}) }),
			/* @__PURE__ */ jsx("td", { children: /* @__PURE__ */ jsx(Time, { at: when }) })
		]
	});
}
function NoMatch({ until }) {
	let t = texts.value.history;
	return /* @__PURE__ */ jsxs("div", {
		class: "empty",
		children: [/* @__PURE__ */ jsx("p", { children: until ? t.noMatchYet : t.noMatch }), /* @__PURE__ */ jsx("a", {
			href: narrowed(Object.fromEntries(filterNames.map((name) => [name, null]))),
			children: texts.value.filters.clear
		})]
	});
}
function NothingYet() {
	let t = texts.value.history;
	return /* @__PURE__ */ jsxs("div", {
		class: "empty",
		children: [/* @__PURE__ */ jsx("p", { children: /* @__PURE__ */ jsx("b", { children: t.nothing }) }), /* @__PURE__ */ jsx("ol", {
			class: "how",
			children: t.how.map((step) => /* @__PURE__ */ jsx("li", { children: step }, step))
		})]
	});
}
export { whole as a, canReplay as c, mayAct as d, row as f, changes as i, canRetry as l, Skipped as n, what as o, bulk as r, canCancel as s, History as t, isNotice as u };
