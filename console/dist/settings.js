import { $ as texts, E as Loaded, H as nameOf, I as curl, K as sentences, Q as locale, R as duration, S as useEvery, T as Failed, U as number, V as moment, X as place, _ as Time, at as graphql, b as useAct, c as HealthWord, ct as Failure, d as Remedy, dt as parameters, f as Source, ft as withParameters, g as Since, j as Field, k as CopyButton, l as Outcome, lt as go, m as Tag, n as mayChange, o as of, ot as ask, pt as credential, s as ownerInput, st as follow, t as useInView, u as Phases, v as Until, w as later, x as useAsk, y as zone } from "./shared.js";
import { batch, signal, useSignal } from "@preact/signals";
import { Fragment, jsx, jsxs } from "preact/jsx-runtime";
import { useEffect, useRef } from "preact/hooks";
// src/settings/data.ts
var ready = signal(!1), effective = graphql("\n  fragment Effective on EffectiveApiCallback { url source headers { key value source } }\n"), projectFields = graphql("fragment ProjectFields on Project {\n    id rawID version apiCallbackUrl apiCallbackHeaders { key value } apiCallbackMaxInFlight apiCallbackMaxPerSecond\n    pausedAt pausedBy { firstName lastName username }\n    effectiveApiCallback { ...Effective }\n    effectiveApiCallbackLimits { maxInFlight maxPerSecond source }\n  }", [effective]), accountFields = graphql("\n  fragment AccountFields on Account {\n    id rawID name version role timezone apiCallbackUrl apiCallbackHeaders { key value } apiCallbackMaxInFlight apiCallbackMaxPerSecond\n    pausedAt pausedBy { firstName lastName username }\n  }\n"), projectSettings = graphql("query ProjectSettings($id: ObjectID!) { getProject(id: $id) { name ...ProjectFields account { ...AccountFields } } }", [projectFields, accountFields]), accountSettings = graphql("query AccountSettings($id: ObjectID!) { getAccount(id: $id) { ...AccountFields } }", [accountFields]), saveProject = graphql("mutation SaveProject($input: UpdateProjectInput!) { updateProject(input: $input) { movedCallbacks project { ...ProjectFields account { ...AccountFields } } } }", [projectFields, accountFields]), saveAccount = graphql("mutation SaveAccount($input: UpdateAccountInput!) { updateAccount(input: $input) { movedCallbacks account { ...AccountFields } } }", [accountFields]), check = graphql("query Check($input: CheckCallbackInput!) {\n    checkCallback(input: $input) {\n      ok\n      problems { field code message severity }\n      addresses { address verdict }\n      effective { ...Effective }\n      movedCallbacks\n    }\n  }", [effective]), pause = graphql("mutation Pause($input: PauseCallbacksInput!) { pauseCallbacks(input: $input) { project { id } account { id } } }"), resume = graphql("mutation Resume($input: ResumeCallbacksInput!) { resumeCallbacks(input: $input) { project { id } account { id } } }"), health = graphql("\n  fragment Health on CallbackHealth {\n    status failingSince oldestPendingAt since\n    counts { pending running pendingIsExact success failed }\n    causes { code count }\n    arrival { p50Ms p99Ms }\n    receiver { p50Ms p99Ms }\n    buckets { startsAt success failed }\n  }\n"), trouble = graphql("\n  fragment Trouble on CallbackConnection {\n    nodes { uid error { code message } attempts(last: 1) { nodes { remedy } } }\n  }\n"), ofOwner = graphql("query OwnerHealth($id: ObjectID!, $range: HealthRange!) {\n    owner: getProject(id: $id) {\n      callbackHealth(range: $range) { ...Health }\n      callbacks(first: 1, filter: { status: [PENDING, FAILED], minAttempts: 1 }) { ...Trouble }\n      any: callbacks(first: 1) { nodes { uid } }\n    }\n  }", [health, trouble]), ranges = [
	"DAY",
	"WEEK",
	"MONTH"
];
function Health({ owner, turn, moved }) {
	let t = texts.value.health, chosen = parameters.value.get("range")?.toUpperCase(), range = ranges.find((one) => one === chosen) ?? "DAY", asked = useAsk(of(ofOwner, owner), {
		id: owner.id,
		range
	}, turn);
	useEvery(15e3, !!asked.data.value?.owner?.callbackHealth.counts.pending, asked.again);
	let paused = asked.data.value?.owner?.callbackHealth.status === "PAUSED";
	return useEffect(() => {
		asked.data.peek() && moved();
	}, [paused]), /* @__PURE__ */ jsxs("section", {
		"aria-labelledby": "health",
		children: [/* @__PURE__ */ jsxs("h2", {
			id: "health",
			children: [
				t.title,
				" ",
				/* @__PURE__ */ jsx("small", { children: t.last[range] }),
				/* @__PURE__ */ jsx("span", {
					class: "end",
					children: ranges.map((one) => /* @__PURE__ */ jsx("a", {
						class: "button",
						href: withParameters({ range: one === "DAY" ? null : one.toLowerCase() }),
						"aria-current": one === range ? "true" : void 0,
						children: t.ranges[one]
					}, one))
				})
			]
		}), /* @__PURE__ */ jsx(Loaded, {
			of: asked,
			children: ({ owner: found }) => found && /* @__PURE__ */ jsx(Shown, {
				health: found.callbackHealth,
				range,
				trouble: found.callbacks.nodes[0],
				tested: found.any.nodes.length > 0
			})
		})]
	});
}
function Shown({ health: h, range, trouble: last, tested }) {
	let t = texts.value.health, lang = locale.value, waiting = h.counts.pending + h.counts.running, quantiles = (of) => of ? `${duration(of.p50Ms, lang)} / ${duration(of.p99Ms, lang)}` : "–";
	return /* @__PURE__ */ jsxs(Fragment, { children: [
		/* @__PURE__ */ jsxs("div", {
			class: "health",
			children: [
				/* @__PURE__ */ jsxs("div", { children: [
					/* @__PURE__ */ jsx(HealthWord, { status: h.status === "HEALTHY" && !h.counts.success && waiting + h.counts.failed ? "NOTHING" : h.status }),
					h.failingSince && /* @__PURE__ */ jsxs("p", {
						class: "soft",
						children: [
							t.since,
							" ",
							/* @__PURE__ */ jsx(Time, { at: h.failingSince }),
							", ",
							/* @__PURE__ */ jsx(Since, { at: h.failingSince })
						]
					}),
					h.status === "NEVER_USED" && !tested && /* @__PURE__ */ jsx("p", {
						class: "soft",
						children: ready.value ? t.firstTest : t.first
					})
				] }),
				/* @__PURE__ */ jsx(Bars, {
					health: h,
					range
				}),
				/* @__PURE__ */ jsxs("dl", { children: [
					/* @__PURE__ */ jsx("dt", { children: t.arrived }),
					/* @__PURE__ */ jsx("dd", { children: number(h.counts.success, lang) }),
					/* @__PURE__ */ jsx("dt", { children: t.waiting }),
					/* @__PURE__ */ jsxs("dd", { children: [h.counts.pendingIsExact ? "" : "> ", number(waiting, lang)] }),
					/* @__PURE__ */ jsx("dt", { children: t.oldest }),
					/* @__PURE__ */ jsx("dd", { children: h.oldestPendingAt ? /* @__PURE__ */ jsx(Since, { at: h.oldestPendingAt }) : "–" }),
					/* @__PURE__ */ jsx("dt", { children: t.givenUp }),
					/* @__PURE__ */ jsx("dd", { children: number(h.counts.failed, lang) }),
					/* @__PURE__ */ jsx("dt", {
						title: t.arrivalHint,
						children: t.arrival
					}),
					/* @__PURE__ */ jsx("dd", { children: quantiles(h.arrival) }),
					/* @__PURE__ */ jsx("dt", {
						title: t.receiverHint,
						children: t.receiver
					}),
					/* @__PURE__ */ jsx("dd", { children: quantiles(h.receiver) })
				] })
			]
		}),
		h.status === "NEVER_USED" && place.value.project && tried$1 && ready.value && /* @__PURE__ */ jsx(First, { projectId: place.value.project.rawID }),
		h.status === "FAILING" && last?.error && /* @__PURE__ */ jsxs("p", { children: [
			/* @__PURE__ */ jsx(Tag, {
				kind: "bad",
				sign: "✕",
				children: last.error.code
			}),
			" ",
			sentences(last.error.message),
			" ",
			/* @__PURE__ */ jsx(Remedy, { of: last.attempts.nodes[0]?.remedy }),
			" ",
			waiting > 0 && /* @__PURE__ */ jsx("a", {
				href: withParameters({
					status: "PENDING",
					callback: null
				}),
				children: t.thenRetry(waiting)
			})
		] }),
		h.causes.length > 0 && /* @__PURE__ */ jsxs("p", {
			class: "row",
			children: [/* @__PURE__ */ jsxs("span", {
				class: "soft",
				children: [t.givenUp, ":"]
			}), h.causes.map(({ code, count }) => /* @__PURE__ */ jsx("a", {
				href: withParameters({
					status: "FAILED",
					cause: code,
					callback: null
				}),
				title: t.showThese,
				children: /* @__PURE__ */ jsxs(Tag, {
					kind: "bad",
					sign: "✕",
					children: [
						code,
						" · ",
						number(count, lang)
					]
				})
			}, code))]
		}),
		h.since && /* @__PURE__ */ jsxs("p", {
			class: "hint",
			children: [
				t.counted,
				" ",
				/* @__PURE__ */ jsx(Time, {
					at: h.since,
					whole: !0
				})
			]
		})
	] });
}
var tried$1 = /^(localhost$|127\.|\[::1\])/.test(location.hostname);
function First({ projectId }) {
	let t = texts.value.health;
	return /* @__PURE__ */ jsxs("p", {
		class: "hint",
		children: [
			t.uncounted,
			" ",
			/* @__PURE__ */ jsx(CopyButton, {
				quiet: !0,
				label: t.endCrawl,
				text: () => curl(new URL("/graphql", location.origin).href, [{
					name: "content-type",
					value: "application/json"
				}, {
					name: "x-api-key",
					value: "PLATFORM_KEY"
				}], JSON.stringify({ query: `mutation { finishCrawl(input: { crawlId: ${Date.now()}, projectId: ${projectId} }) { callback { uid } } }` }))
			}),
			". ",
			t.platformKey
		]
	});
}
function Bars({ health: { buckets }, range }) {
	let t = texts.value.health, most = Math.max(1, ...buckets.map(({ success, failed }) => success + failed)), ends = (place) => buckets[place + 1]?.startsAt ?? null, name = (at) => range === "DAY" ? moment(at, zone(), locale.value) : new Intl.DateTimeFormat(locale.value, {
		timeZone: "UTC",
		dateStyle: "medium"
	}).format(new Date(at));
	return /* @__PURE__ */ jsxs("div", {
		class: "bars",
		children: [/* @__PURE__ */ jsx("svg", {
			"aria-hidden": "true",
			viewBox: `0 0 ${buckets.length * 10} 100`,
			preserveAspectRatio: "none",
			children: buckets.map(({ startsAt, success, failed }, place) => {
				let height = (success + failed) / most * 96, bad = failed / most * 96;
				return /* @__PURE__ */ jsxs("g", {
					onClick: () => go(withParameters({
						finishedAfter: startsAt,
						finishedBefore: ends(place),
						callback: null
					})),
					children: [
						/* @__PURE__ */ jsx("title", { children: `${name(startsAt)}: ${success} ✓, ${failed} ✕` }),
						/* @__PURE__ */ jsx("rect", {
							class: "target",
							x: place * 10,
							width: "10",
							height: "100"
						}),
						/* @__PURE__ */ jsx("rect", {
							class: "success",
							x: place * 10 + 1,
							width: "8",
							y: 100 - height + bad,
							height: height - bad
						}),
						/* @__PURE__ */ jsx("rect", {
							class: "failure",
							x: place * 10 + 1,
							width: "8",
							y: 100 - height,
							height: bad
						}),
						/* @__PURE__ */ jsx("rect", {
							class: "floor",
							x: place * 10 + 1,
							width: "8",
							y: "99",
							height: "1"
						})
					]
				}, startsAt);
			})
		}), /* @__PURE__ */ jsx("div", {
			class: "unseen",
			children: /* @__PURE__ */ jsxs("table", { children: [
				/* @__PURE__ */ jsx("caption", { children: t.table[range] }),
				/* @__PURE__ */ jsx("thead", { children: /* @__PURE__ */ jsxs("tr", { children: [
					/* @__PURE__ */ jsx("th", {
						scope: "col",
						children: t.when
					}),
					/* @__PURE__ */ jsx("th", {
						scope: "col",
						children: t.arrived
					}),
					/* @__PURE__ */ jsx("th", {
						scope: "col",
						children: t.givenUp
					})
				] }) }),
				/* @__PURE__ */ jsx("tbody", { children: buckets.map(({ startsAt, success, failed }) => /* @__PURE__ */ jsxs("tr", { children: [
					/* @__PURE__ */ jsx("th", {
						scope: "row",
						children: name(startsAt)
					}),
					/* @__PURE__ */ jsx("td", { children: success }),
					/* @__PURE__ */ jsx("td", { children: failed })
				] }, startsAt)) })
			] })
		})]
	});
}
// src/settings/diagnosis.tsx
var fields = graphql("\n  fragment DiagnosisFields on Diagnosis {\n    id url status\n    steps { name status durationMs detail remedy addresses { address verdict } tls { version chain { subject issuer notAfter daysLeft } } }\n  }\n"), begin = graphql("mutation Diagnose($input: DiagnoseReceiverInput!) { diagnoseReceiver(input: $input) { diagnosis { ...DiagnosisFields } } }", [fields]), progress = graphql("subscription Progress($input: DiagnosisProgressInput!) { diagnosisProgress(input: $input) { ...DiagnosisFields } }", [fields]), read = graphql("query Diagnosis($id: ObjectID!) { getDiagnosis(id: $id) { ...DiagnosisFields } }", [fields]), names = [
	"URL",
	"DNS",
	"ADDRESS",
	"TCP",
	"TLS",
	"HTTP",
	"SIGNATURE"
], signs = {
	OK: ["ok", "✓"],
	WARNING: ["wait", "▲"],
	FAILED: ["bad", "✕"],
	SKIPPED: ["soft", "–"]
};
function Diagnosis({ projectId, ready }) {
	let t = texts.value.diagnosis, shown = useSignal(void 0), stop = useRef(void 0), { busy, failure, act } = useAct();
	useEffect(() => () => stop.current?.(), []);
	let section = useInView(shown.value), run = () => act(async () => {
		stop.current?.();
		let { diagnosis } = (await ask(begin, { input: {
			projectId,
			checkSignature: !0,
			wait: !1
		} })).diagnoseReceiver;
		shown.value = diagnosis, stop.current = follow(progress, { input: { diagnosisId: diagnosis.id } }, (data) => shown.value = data.diagnosisProgress, async () => {
			if (shown.peek()?.status !== "RUNNING") return;
			let { getDiagnosis } = await ask(read, { id: diagnosis.id }).catch(() => ({ getDiagnosis: null }));
			getDiagnosis && (shown.value = getDiagnosis);
		});
	}), found = shown.value, running = busy.value || found?.status === "RUNNING";
	return /* @__PURE__ */ jsxs("section", {
		ref: section,
		"aria-labelledby": "diagnosis",
		children: [
			/* @__PURE__ */ jsxs("h2", {
				id: "diagnosis",
				children: [
					t.title,
					found && /* @__PURE__ */ jsx("small", { children: new URL(found.url).host }),
					/* @__PURE__ */ jsx("span", {
						class: "end",
						children: /* @__PURE__ */ jsx("button", {
							type: "button",
							disabled: !ready,
							"aria-disabled": running,
							onClick: () => running || void run(),
							children: t.run
						})
					})
				]
			}),
			failure.value && /* @__PURE__ */ jsx(Failed, { failure: failure.value }),
			failure.value?.retryAt && /* @__PURE__ */ jsx(Until, {
				at: failure.value.retryAt,
				text: texts.value.test.againIn
			}),
			!found && !failure.value && /* @__PURE__ */ jsx("p", {
				class: "hint",
				children: t.hint
			}),
			found && /* @__PURE__ */ jsx("ol", {
				class: "steps",
				"aria-live": "polite",
				"aria-busy": running,
				children: names.map((name) => {
					let step = found.steps.find((one) => one.name === name), [kind, sign] = step ? signs[step.status] : ["soft", running ? "…" : "–"], certificate = step?.tls?.chain[0];
					return /* @__PURE__ */ jsxs("li", { children: [
						/* @__PURE__ */ jsx("span", {
							class: kind,
							"aria-hidden": "true",
							children: sign
						}),
						/* @__PURE__ */ jsxs("div", {
							class: step ? "" : "soft",
							children: [
								/* @__PURE__ */ jsx("b", { children: t.steps[name] }),
								step && /* @__PURE__ */ jsxs("span", {
									class: "unseen",
									children: [" ", t.statuses[step.status]]
								}),
								step && step.status !== "SKIPPED" && /* @__PURE__ */ jsx("div", {
									class: "hint",
									children: sentences(step.detail)
								}),
								step?.status === "SKIPPED" && /* @__PURE__ */ jsx("div", {
									class: "hint",
									children: t.statuses.SKIPPED
								}),
								certificate && step.status === "OK" && /* @__PURE__ */ jsx("div", {
									class: "hint",
									children: t.daysLeft(certificate.daysLeft)
								}),
								step?.remedy && /* @__PURE__ */ jsx("div", { children: /* @__PURE__ */ jsx(Remedy, { of: step.remedy }) })
							]
						}),
						/* @__PURE__ */ jsx("span", {
							class: "soft",
							children: step && step.durationMs > 0 && duration(step.durationMs, locale.value)
						})
					] }, name);
				})
			})
		]
	});
}
// src/settings/values.ts
var valuesOf = (of) => ({
	url: of.apiCallbackUrl ?? "",
	headers: of.apiCallbackHeaders.map(({ key, value }) => ({
		key,
		value
	})),
	maxInFlight: of.apiCallbackMaxInFlight?.toString() ?? "",
	maxPerSecond: of.apiCallbackMaxPerSecond?.toString() ?? ""
}), same = (a, b) => JSON.stringify(a) === JSON.stringify(b), limit = (text) => text.trim() === "" ? null : Number(text), filled = (headers) => headers.filter(({ key, value }) => key || value);
function changes(from, to) {
	return {
		...from.url !== to.url && { apiCallbackUrl: to.url.trim() || null },
		...!same(from.headers, filled(to.headers)) && { apiCallbackHeaders: filled(to.headers) },
		...from.maxInFlight !== to.maxInFlight && { apiCallbackMaxInFlight: limit(to.maxInFlight) },
		...from.maxPerSecond !== to.maxPerSecond && { apiCallbackMaxPerSecond: limit(to.maxPerSecond) }
	};
}
var changed = (from, to) => Object.keys(changes(from, to)).length > 0, sentPlaces = (headers) => headers.flatMap(({ key, value }, place) => key || value ? [place] : []);
function effectiveLines(used, project, account) {
	let lines = [];
	used && lines.push({
		text: used.url,
		source: used.source,
		overridden: !1
	}), project && account.apiCallbackUrl && used?.source === "PROJECT" && lines.push({
		text: account.apiCallbackUrl,
		source: "ACCOUNT",
		overridden: !0
	});
	for (let { key, source } of used?.headers ?? []) lines.push({
		text: key,
		source,
		overridden: !1
	});
	let isUsed = (key, level) => used?.headers.some((header) => header.source === level && header.key.toLowerCase() === key.toLowerCase());
	for (let [level, of] of [["PROJECT", project], ["ACCOUNT", account]]) for (let { key } of of?.apiCallbackHeaders ?? []) project && !isUsed(key, level) && lines.push({
		text: key,
		source: level,
		overridden: !0
	});
	return lines;
}
// src/settings/form.tsx
var Conflict = later(async () => (await import("./conflict.js")).Conflict), drafts = /* @__PURE__ */ new Map(), rest = 400;
function useForm(owner, settings) {
	let key = [
		credential.peek(),
		owner.kind,
		owner.id
	].join(), draft = drafts.get(key), saved = useSignal(draft?.saved ?? valuesOf(settings)), version = useSignal(draft?.version ?? settings.version), values = useSignal(draft?.values ?? valuesOf(settings));
	useEffect(() => (drafts.delete(key), () => {
		changed(saved.peek(), values.peek()) && drafts.set(key, {
			saved: saved.peek(),
			version: version.peek(),
			values: values.peek()
		});
	}), []);
	let checked = useSignal(void 0), moved = useSignal(void 0), saving = useAct(), dirty = changed(saved.value, values.value), take = (from) => batch(() => {
		saved.value = valuesOf(from), version.value = from.version, values.value = valuesOf(from), checked.value = void 0;
	});
	useEffect(() => {
		settings.version !== version.peek() && !dirty && take(settings);
	}, [settings]);
	let { url, headers } = values.value, wanted = JSON.stringify([url, headers]);
	return useEffect(() => {
		if (!dirty) {
			checked.value = void 0;
			return;
		}
		let current = !0, timer = setTimeout(async () => {
			let { apiCallbackUrl, apiCallbackHeaders } = changes(saved.peek(), values.peek()), answer = await ask(check, { input: {
				owner: ownerInput(owner),
				...apiCallbackUrl !== void 0 && { url: apiCallbackUrl },
				...apiCallbackHeaders && { headers: apiCallbackHeaders }
			} }).catch((reason) => {
				if (!(reason instanceof Failure)) throw reason;
			});
			current && answer && (checked.value = answer.checkCallback);
		}, rest);
		return () => {
			current = !1, clearTimeout(timer);
		};
	}, [wanted, dirty]), {
		saved,
		values,
		checked,
		moved,
		saving,
		dirty,
		save: (ifVersion = version.peek()) => saving.act(async () => {
			let input = {
				ifVersion,
				...changes(saved.peek(), values.peek())
			};
			if (moved.value = void 0, owner.kind === "project") {
				let { updateProject } = await ask(saveProject, { input: {
					projectId: owner.id,
					...input
				} });
				return take(updateProject.project), moved.value = updateProject.movedCallbacks, updateProject.project;
			}
			let { updateAccount } = await ask(saveAccount, { input: {
				accountId: owner.id,
				...input
			} });
			return take(updateAccount.account), moved.value = updateAccount.movedCallbacks, updateAccount.account;
		}),
		undo: () => {
			values.value = saved.peek(), saving.failure.value = void 0;
		}
	};
}
function problemsOf(form, field) {
	let found = (severity) => sentences(...(form.checked.value?.problems ?? []).filter((problem) => problem.severity === severity && (problem.field === field || problem.field.startsWith(`${field}.`))).map(({ message }) => message)) || void 0;
	return {
		problem: found("ERROR") ?? (form.saving.failure.value?.of(field) || void 0),
		warning: found("WARNING")
	};
}
function FormFields({ form, owner, locked }) {
	let t = texts.value.settings, set = (change) => form.values.value = {
		...form.values.peek(),
		...change
	}, { url, headers } = form.values.value, denied = form.checked.value?.addresses.some(({ verdict }) => verdict === "DENIED");
	return /* @__PURE__ */ jsxs(Fragment, { children: [
		/* @__PURE__ */ jsx(Field, {
			label: owner.kind === "project" ? t.url : t.accountUrl,
			...problemsOf(form, "apiCallbackUrl"),
			hint: denied ? void 0 : t.urlHints[owner.kind],
			children: (props) => /* @__PURE__ */ jsx("input", {
				...props,
				type: "url",
				inputMode: "url",
				spellcheck: !1,
				autocomplete: "off",
				placeholder: "https://",
				readOnly: locked,
				value: url,
				onInput: (event) => set({ url: event.currentTarget.value })
			})
		}),
		/* @__PURE__ */ jsxs("fieldset", {
			class: "field",
			children: [
				/* @__PURE__ */ jsx("legend", { children: t.headers }),
				/* @__PURE__ */ jsx(Headers, {
					form,
					headers,
					locked,
					set: (list) => set({ headers: list })
				}),
				/* @__PURE__ */ jsx("p", {
					class: "hint",
					children: t.headerHints[owner.kind]
				})
			]
		}),
		/* @__PURE__ */ jsxs("details", {
			class: "field",
			open: !!(form.saved.value.maxInFlight || form.saved.value.maxPerSecond),
			children: [
				/* @__PURE__ */ jsx("summary", { children: t.limits }),
				/* @__PURE__ */ jsx("p", {
					class: "hint",
					children: t.limitsHint
				}),
				["maxInFlight", "maxPerSecond"].map((name) => /* @__PURE__ */ jsx(Field, {
					label: t[name],
					...problemsOf(form, name === "maxInFlight" ? "apiCallbackMaxInFlight" : "apiCallbackMaxPerSecond"),
					children: (props) => /* @__PURE__ */ jsx("input", {
						...props,
						type: "number",
						min: "1",
						placeholder: t.noLimit,
						readOnly: locked,
						value: form.values.value[name],
						onInput: (event) => set({ [name]: event.currentTarget.value })
					})
				}, name))
			]
		})
	] });
}
function Headers({ form, headers, locked, set }) {
	let t = texts.value.settings, shown = useSignal(/* @__PURE__ */ new Set()), places = sentPlaces(headers), added = useRef(-1), change = (place, part) => set(headers.map((header, at) => at === place ? {
		...header,
		...part
	} : header));
	return /* @__PURE__ */ jsxs(Fragment, { children: [
		headers.map((header, place) => {
			let { problem, warning } = problemsOf(form, `apiCallbackHeaders.${places.indexOf(place)}`), open = shown.value.has(place);
			return /* @__PURE__ */ jsxs("div", {
				class: "header",
				children: [
					/* @__PURE__ */ jsx("input", {
						"aria-label": t.headerName(place + 1),
						placeholder: t.name,
						ref: (field) => {
							field && added.current === place && (added.current = -1, field.focus());
						},
						"aria-invalid": !!problem,
						spellcheck: !1,
						autocomplete: "off",
						readOnly: locked,
						value: header.key,
						onInput: (event) => change(place, { key: event.currentTarget.value })
					}),
					/* @__PURE__ */ jsx("input", {
						"aria-label": t.headerValue(header.key || String(place + 1)),
						placeholder: t.value,
						"aria-invalid": !!problem,
						type: open ? "text" : "password",
						spellcheck: !1,
						autocomplete: "off",
						readOnly: locked,
						value: header.value,
						onInput: (event) => change(place, { value: event.currentTarget.value })
					}),
					/* @__PURE__ */ jsxs("button", {
						type: "button",
						class: "quiet",
						"aria-pressed": open,
						onClick: () => {
							let next = new Set(shown.peek());
							next.delete(place) || next.add(place), shown.value = next;
						},
						children: [open ? texts.value.hide : texts.value.show, /* @__PURE__ */ jsxs("span", {
							class: "unseen",
							children: [" ", header.key]
						})]
					}),
					!locked && /* @__PURE__ */ jsx("button", {
						type: "button",
						class: "quiet",
						"aria-label": t.removeHeader(header.key),
						onClick: () => {
							shown.value = /* @__PURE__ */ new Set(), set(headers.filter((_, at) => at !== place));
						},
						children: "✕"
					}),
					(problem || warning) && /* @__PURE__ */ jsx("p", {
						class: "hint",
						role: "status",
						children: problem ? /* @__PURE__ */ jsxs("span", {
							class: "bad",
							children: ["✕ ", problem]
						}) : /* @__PURE__ */ jsxs("span", {
							class: "wait",
							children: ["▲ ", warning]
						})
					})
				]
			}, place);
		}),
		!locked && headers.length < 20 && /* @__PURE__ */ jsxs("button", {
			type: "button",
			class: "link",
			onClick: () => {
				added.current = headers.length, set([...headers, {
					key: "",
					value: ""
				}]);
			},
			children: ["+ ", t.addHeader]
		}),
		headers.length === 0 && locked && /* @__PURE__ */ jsx("p", {
			class: "soft",
			children: texts.value.none
		})
	] });
}
function FormActions({ form, again, done }) {
	let t = texts.value.settings, failure = form.saving.failure.value, fieldless = failure && !failure.current && !failure.problems.every(({ field }) => field?.startsWith("apiCallback")), save = async (ifVersion) => {
		await form.save(ifVersion) && done();
	};
	return /* @__PURE__ */ jsxs(Fragment, { children: [
		failure?.current && /* @__PURE__ */ jsx(Conflict, {
			form,
			current: failure.current,
			keep: (version) => void save(version),
			take: again
		}),
		fieldless && /* @__PURE__ */ jsx(Failed, {
			failure,
			again: () => void save()
		}),
		/* @__PURE__ */ jsxs("p", {
			class: "row",
			children: [
				/* @__PURE__ */ jsx("button", {
					type: "submit",
					class: "primary",
					"aria-disabled": !form.dirty || form.saving.busy.value || form.checked.value?.ok === !1,
					children: texts.value.save
				}),
				form.dirty && /* @__PURE__ */ jsx("button", {
					type: "button",
					onClick: form.undo,
					children: t.undo
				}),
				/* @__PURE__ */ jsx("span", {
					role: "status",
					class: "ok",
					children: !form.dirty && form.moved.value !== void 0 && `✓ ${t.saved} ${form.moved.value ? t.moved(movedText(form.moved.value)) : ""}`
				})
			]
		})
	] });
}
var movedText = (moved) => moved > 1e4 ? `> ${number(1e4, locale.value)}` : number(moved, locale.value);
// src/settings/pause.tsx
function Pause({ owner, settings, account, again, done }) {
	let t = texts.value.settings, { busy, failure, act } = useAct(), role = account?.role ?? ("role" in settings ? settings.role : null), may = mayChange("project", role), turn = () => act(async () => {
		let input = { owner: ownerInput(owner) };
		await (settings.pausedAt ? ask(resume, { input }) : ask(pause, { input })), again(), done();
	});
	return /* @__PURE__ */ jsxs("div", {
		class: "pause",
		children: [
			[settings, account].map((of, place) => of?.pausedAt && /* @__PURE__ */ jsxs("p", {
				class: "note",
				role: "status",
				children: [
					"‖ ",
					t.paused[place === 1 || owner.kind === "account" ? "account" : "project"],
					" ",
					/* @__PURE__ */ jsx(Time, {
						at: of.pausedAt,
						whole: !0
					}),
					" ",
					of.pausedBy && nameOf(of.pausedBy),
					". ",
					t.pausedHint
				]
			}, place)),
			failure.value && /* @__PURE__ */ jsx(Failed, { failure: failure.value }),
			may && /* @__PURE__ */ jsx("button", {
				type: "button",
				"aria-disabled": busy,
				onClick: () => void turn(),
				title: settings.pausedAt ? void 0 : t.pauseHint,
				children: settings.pausedAt ? `▶ ${t.resume}` : `‖ ${t.pause}`
			})
		]
	});
}
// src/settings/secrets.tsx
var list = graphql("query Secrets($id: ObjectID!) { getProject(id: $id) { callbackSigningSecrets { createdAt expiresAt } } }"), reveal = graphql("query RevealSecrets($id: ObjectID!) { getProject(id: $id) { callbackSigningSecrets { secret } } }"), Rotate = later(async () => (await import("./rotate.js")).Rotate);
function Secrets({ projectId }) {
	let t = texts.value.secrets, asked = useAsk(list, { id: projectId }), shown = useSignal(void 0), rotating = useSignal(!1), look = useAct(), secrets = async () => (await ask(reveal, { id: projectId })).getProject?.callbackSigningSecrets?.map(({ secret }) => secret) ?? [];
	return /* @__PURE__ */ jsxs("section", {
		"aria-labelledby": "secrets",
		children: [
			/* @__PURE__ */ jsx("h2", {
				id: "secrets",
				children: t.title
			}),
			/* @__PURE__ */ jsx(Loaded, {
				of: asked,
				rows: 2,
				children: ({ getProject }) => /* @__PURE__ */ jsx(Fragment, { children: getProject?.callbackSigningSecrets?.map(({ createdAt, expiresAt }, place) => /* @__PURE__ */ jsxs("div", {
					class: "secret",
					children: [
						/* @__PURE__ */ jsx("code", { children: shown.value?.[place] ?? "whsec_••••••••••••••••" }),
						" ",
						/* @__PURE__ */ jsx(CopyButton, {
							quiet: !0,
							label: t.copy(place + 1),
							text: async () => (await secrets())[place] ?? ""
						}),
						/* @__PURE__ */ jsx("p", {
							class: "hint",
							children: expiresAt ? /* @__PURE__ */ jsxs(Fragment, { children: [
								t.until,
								" ",
								/* @__PURE__ */ jsx(Time, {
									at: expiresAt,
									whole: !0
								})
							] }) : /* @__PURE__ */ jsxs(Fragment, { children: [
								t.current,
								" ",
								/* @__PURE__ */ jsx(Time, {
									at: createdAt,
									whole: !0
								})
							] })
						})
					]
				}, createdAt)) })
			}),
			look.failure.value && /* @__PURE__ */ jsx(Failed, { failure: look.failure.value }),
			/* @__PURE__ */ jsxs("p", {
				class: "row",
				children: [/* @__PURE__ */ jsx("button", {
					type: "button",
					"aria-pressed": shown.value !== void 0,
					onClick: () => shown.value ? shown.value = void 0 : void look.act(async () => {
						shown.value = await secrets();
					}),
					children: shown.value ? texts.value.hide : texts.value.show
				}), /* @__PURE__ */ jsx("button", {
					type: "button",
					onClick: () => rotating.value = !0,
					children: t.rotate
				})]
			}),
			rotating.value && /* @__PURE__ */ jsx(Rotate, {
				projectId,
				close: () => rotating.value = !1,
				done: () => {
					shown.value = void 0, asked.again();
				}
			})
		]
	});
}
// src/settings/test.tsx
var tried = graphql("\n  fragment Tried on Attempt {\n    httpStatus durationMs error { code message } remedy responseBody\n    timings { dnsMs connectMs tlsMs firstByteMs }\n  }\n"), send = graphql("mutation SendTest($input: SendTestCallbackInput!) {\n    sendTestCallback(input: $input) { callback { uid targetUrl } attempt { ...Tried } }\n  }", [tried]), look = graphql("query Test($uid: ID!) { getCallback(uid: $uid) { finishedAt attempts(last: 1) { nodes { ...Tried } } } }", [tried]);
function SendTest({ projectId, ready, stirred }) {
	let t = texts.value.test, result = useSignal(void 0), { busy, failure, act } = useAct(), attempt = result.value?.attempt, section = useInView(result.value), run = () => act(async () => {
		result.value = void 0, result.value = (await ask(send, { input: { projectId } })).sendTestCallback, stirred();
	});
	return useEvery(2e3, !(!result.value || attempt), () => {
		let sent = result.peek();
		ask(look, { uid: sent.callback.uid }).then(({ getCallback: now }) => {
			now?.finishedAt && result.peek() === sent && (result.value = {
				...sent,
				attempt: now.attempts.nodes[0]
			});
		}, () => void 0);
	}), /* @__PURE__ */ jsxs("section", {
		ref: section,
		"aria-labelledby": "test",
		children: [
			/* @__PURE__ */ jsxs("h2", {
				id: "test",
				children: [t.title, /* @__PURE__ */ jsx("span", {
					class: "end",
					children: /* @__PURE__ */ jsx("button", {
						type: "button",
						"data-key": "t",
						disabled: !ready,
						"aria-disabled": busy.value,
						onClick: () => void run(),
						children: busy.value ? t.sending : t.send
					})
				})]
			}),
			!ready && /* @__PURE__ */ jsx("p", {
				class: "hint",
				children: t.noURL
			}),
			/* @__PURE__ */ jsxs("div", {
				"aria-live": "polite",
				children: [
					failure.value && /* @__PURE__ */ jsx(Failed, { failure: failure.value }),
					failure.value?.retryAt && /* @__PURE__ */ jsx(Until, {
						at: failure.value.retryAt,
						text: t.againIn
					}),
					result.value && /* @__PURE__ */ jsxs(Fragment, { children: [attempt ? /* @__PURE__ */ jsxs(Fragment, { children: [
						/* @__PURE__ */ jsxs("p", {
							class: "row",
							children: [/* @__PURE__ */ jsx(Outcome, { of: attempt }), /* @__PURE__ */ jsx("code", { children: result.value.callback.targetUrl })]
						}),
						/* @__PURE__ */ jsx(Phases, {
							of: attempt,
							most: attempt.durationMs ?? 0
						}),
						attempt.error && /* @__PURE__ */ jsxs("p", { children: [
							sentences(attempt.error.message),
							" ",
							/* @__PURE__ */ jsx(Remedy, { of: attempt.remedy })
						] }),
						attempt.responseBody && /* @__PURE__ */ jsx("pre", {
							tabIndex: 0,
							children: attempt.responseBody.slice(0, 500)
						})
					] }) : /* @__PURE__ */ jsx("p", { children: t.notYet }), /* @__PURE__ */ jsx("a", {
						href: withParameters({ callback: result.value.callback.uid }),
						children: t.details
					})] }),
					ready && !result.value && !failure.value && !busy.value && /* @__PURE__ */ jsx("p", {
						class: "hint",
						children: t.hint
					})
				]
			})
		]
	});
}
// src/settings/settings.tsx
function SettingsOfProject({ id, turn, stirred }) {
	let t = texts.value.settings, asked = useAsk(projectSettings, { id }, turn), level = useSignal("project"), url = asked.data.value?.getProject?.effectiveApiCallback;
	return useEffect(() => (ready.value = !!url, () => ready.value = !1), [url]), /* @__PURE__ */ jsxs(Fragment, { children: [/* @__PURE__ */ jsxs("section", {
		"aria-labelledby": "settings",
		children: [/* @__PURE__ */ jsxs("h2", {
			id: "settings",
			children: [t.title, /* @__PURE__ */ jsx("span", {
				class: "end levels-choice",
				children: ["project", "account"].map((kind) => /* @__PURE__ */ jsx("button", {
					type: "button",
					"aria-pressed": level.value === kind,
					onClick: () => level.value = kind,
					children: t.levels[kind]
				}, kind))
			})]
		}), /* @__PURE__ */ jsx(Loaded, {
			of: asked,
			rows: 6,
			children: ({ getProject: project }) => project && /* @__PURE__ */ jsxs(Fragment, { children: [
				/* @__PURE__ */ jsxs("div", {
					class: "levels",
					"data-level": level.value,
					children: [/* @__PURE__ */ jsx(Level, {
						owner: {
							kind: "project",
							id: project.id
						},
						settings: project,
						role: project.account.role,
						again: asked.again,
						done: stirred,
						project
					}), /* @__PURE__ */ jsx(Level, {
						owner: {
							kind: "account",
							id: project.account.id
						},
						settings: project.account,
						role: project.account.role,
						again: asked.again,
						done: stirred
					})]
				}),
				/* @__PURE__ */ jsx(UsedNow, {
					project,
					account: project.account
				}),
				/* @__PURE__ */ jsx(Pause, {
					owner: {
						kind: "project",
						id: project.id
					},
					settings: project,
					account: project.account,
					again: asked.again,
					done: stirred
				})
			] })
		})]
	}), asked.data.value?.getProject && /* @__PURE__ */ jsx(Try, {
		project: asked.data.value.getProject,
		role: asked.data.value.getProject.account.role,
		stirred
	})] });
}
function SettingsOfAccount({ id, turn, stirred }) {
	let asked = useAsk(accountSettings, { id }, turn);
	return /* @__PURE__ */ jsxs("section", {
		"aria-labelledby": "settings",
		children: [/* @__PURE__ */ jsx("h2", {
			id: "settings",
			children: texts.value.settings.title
		}), /* @__PURE__ */ jsx(Loaded, {
			of: asked,
			rows: 5,
			children: ({ getAccount: account }) => account && /* @__PURE__ */ jsxs(Fragment, { children: [/* @__PURE__ */ jsx(Level, {
				owner: {
					kind: "account",
					id: account.id
				},
				settings: account,
				role: account.role,
				again: asked.again,
				done: stirred
			}), /* @__PURE__ */ jsx(Pause, {
				owner: {
					kind: "account",
					id: account.id
				},
				settings: account,
				again: asked.again,
				done: stirred
			})] })
		})]
	});
}
function Level({ owner, settings, role, again, done, project }) {
	let t = texts.value.settings, form = useForm(owner, settings), locked = !mayChange(owner.kind, role), next = form.checked.value?.effective, moved = form.checked.value?.movedCallbacks ?? 0;
	return /* @__PURE__ */ jsxs("form", {
		"data-kind": owner.kind,
		"aria-label": t.levels[owner.kind],
		onSubmit: (event) => {
			event.preventDefault(), form.dirty && form.checked.value?.ok !== !1 && form.save().then((saved) => {
				saved && (again(), done());
			});
		},
		children: [
			locked && /* @__PURE__ */ jsx("p", {
				class: "note",
				children: t.locked[owner.kind]
			}),
			/* @__PURE__ */ jsx(FormFields, {
				form,
				owner,
				locked
			}),
			form.dirty && next && (project || moved > 0) && form.checked.value?.ok && /* @__PURE__ */ jsxs("p", {
				class: "hint",
				children: [
					t.wouldUse,
					" ",
					/* @__PURE__ */ jsx("code", { children: next.url }),
					" ",
					/* @__PURE__ */ jsx(Source, { of: next.source }),
					moved > 0 && /* @__PURE__ */ jsxs(Fragment, { children: [" ", t.moved(movedText(moved))] })
				]
			}),
			!locked && /* @__PURE__ */ jsx(FormActions, {
				form,
				again,
				done: () => {
					again(), done();
				}
			})
		]
	});
}
function UsedNow({ project, account }) {
	let t = texts.value.settings, limits = project.effectiveApiCallbackLimits, lines = effectiveLines(project.effectiveApiCallback, project, account);
	return /* @__PURE__ */ jsxs("div", {
		class: "used",
		children: [
			/* @__PURE__ */ jsx("h3", { children: t.usedNow }),
			!project.effectiveApiCallback && /* @__PURE__ */ jsxs("p", {
				class: "wait",
				children: ["▲ ", t.nowhere]
			}),
			/* @__PURE__ */ jsxs("ul", { children: [lines.map(({ text, source, overridden }, place) => /* @__PURE__ */ jsxs("li", { children: [
				overridden ? /* @__PURE__ */ jsxs("s", {
					title: t.overridden,
					children: [/* @__PURE__ */ jsxs("span", {
						class: "unseen",
						children: [t.overridden, ": "]
					}), /* @__PURE__ */ jsx("code", { children: text })]
				}) : /* @__PURE__ */ jsx("code", { children: text }),
				" ",
				/* @__PURE__ */ jsx(Source, { of: source })
			] }, place)), limits && /* @__PURE__ */ jsxs("li", { children: [
				limits.maxInFlight && t.atOnce(limits.maxInFlight),
				" ",
				limits.maxPerSecond && t.perSecond(limits.maxPerSecond),
				" ",
				/* @__PURE__ */ jsx(Source, { of: limits.source })
			] })] })
		]
	});
}
function Try({ project, role, stirred }) {
	return mayChange("project", role) ? /* @__PURE__ */ jsxs(Fragment, { children: [
		/* @__PURE__ */ jsx(SendTest, {
			projectId: project.id,
			ready: project.effectiveApiCallback !== null,
			stirred
		}),
		/* @__PURE__ */ jsx(Diagnosis, {
			projectId: project.id,
			ready: project.effectiveApiCallback !== null
		}),
		role === "Admin" && /* @__PURE__ */ jsx(Secrets, { projectId: project.id })
	] }) : null;
}
export { SettingsOfProject as n, Health as r, SettingsOfAccount as t };
