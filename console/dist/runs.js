import { E as Loaded, S as useEvery, X as place, Y as here, Z as useHere, _ as Time, at as graphql, n as mayChange, ot as ask, v as Until, x as useAsk } from "./shared.js";
import { A as texts, E as StatusFilter, O as wantedStatus, T as List, _ as ReadOnly, c as runStatuses, d as callbackHead, f as callbackRow, g as InProject, h as Facts, l as someRuns, m as Act, o as runHead, p as sent, r as ScheduleList, s as runRow, u as StateTag, v as Value } from "./work.js";
import { Fragment, jsx, jsxs } from "preact/jsx-runtime";
// src/pages/runs.tsx
var list = graphql("query Runs($id: ObjectID!, $after: String, $status: [RunStatus!]) {\n    getProject(id: $id) { runs(first: 20, after: $after, filter: { status: $status }) { ...SomeRuns } }\n  }", [someRuns]);
function Runs({ route }) {
	let t = texts.value, status = wantedStatus(runStatuses);
	return /* @__PURE__ */ jsxs(InProject, {
		id: route.project,
		children: [/* @__PURE__ */ jsx(List, {
			title: t.nav.runs,
			tools: /* @__PURE__ */ jsx(StatusFilter, { statuses: runStatuses }),
			document: list,
			variables: {
				id: route.project,
				status: status && [status]
			},
			of: (data) => data.getProject?.runs,
			head: runHead(),
			row: (run) => runRow(run, route.project),
			wanted: !!status,
			none: /* @__PURE__ */ jsxs(Fragment, { children: [/* @__PURE__ */ jsx("p", { children: t.work.noRuns }), /* @__PURE__ */ jsx("p", {
				class: "hint",
				children: t.work.noRunsHint
			})] })
		}), /* @__PURE__ */ jsx(ScheduleList, { project: route.project })]
	});
}
var one = graphql("query Run($id: ObjectID!) {\n    getRun(id: $id) {\n      id rawID uid status mode action callbackUrl callbackOn inputCount batchCount outputCount createdAt startedAt finishedAt payloadPurgedAt\n      parameters { maxResults pageSize }\n      error { message label scope statusCode params }\n      createdByUser { username }\n      schedule { rawID cron at timezone }\n      project { ...Here }\n    }\n  }", [here]), batches = graphql("\n  query Batches($id: ObjectID!, $after: String) {\n    getRun(id: $id) {\n      batches(first: 20, after: $after) {\n        totalCount\n        nodes {\n          uid page status input customData results resultCount error { message label } attemptCount nextAttemptAt finishedAt\n          attempts { uid number startedAt durationMs httpStatus errorCode }\n        }\n        pageInfo { hasNextPage endCursor }\n      }\n    }\n  }\n"), callbacks = graphql("query RunCallbacks($id: ObjectID!, $after: String) { getRun(id: $id) { callbacks(first: 20, after: $after) { ...Sent } } }", [sent]), stop = graphql("mutation StopRun($input: StopRunInput!) { stopRun(input: $input) { run { id } } }");
function Run({ route }) {
	let t = texts.value.work, id = route.item, asked = useAsk(one, { id }), run = asked.data.value?.getRun;
	useHere(run?.project);
	let goesOn = run?.status === "RUNNING" || run?.status === "QUEUED";
	useEvery(5e3, goesOn, asked.again);
	let round = run ? run.batchCount + run.outputCount + Number(!!run.finishedAt) : 0;
	return /* @__PURE__ */ jsx(Loaded, {
		of: asked,
		children: () => run && /* @__PURE__ */ jsxs(Fragment, { children: [
			/* @__PURE__ */ jsxs("section", {
				"aria-labelledby": "run",
				children: [
					/* @__PURE__ */ jsxs("h2", {
						id: "run",
						children: [
							t.run,
							" ",
							run.rawID,
							" ",
							/* @__PURE__ */ jsx("small", { children: run.action }),
							" ",
							/* @__PURE__ */ jsx(StateTag, { of: run.status })
						]
					}),
					/* @__PURE__ */ jsx(ReadOnly, {}),
					goesOn && mayChange("project", place.value.role) && /* @__PURE__ */ jsx(Act, {
						label: t.stop,
						sure: t.stopHint,
						work: () => ask(stop, { input: { runId: run.id } }).then(asked.again)
					}),
					run.error && /* @__PURE__ */ jsxs("p", { children: [
						/* @__PURE__ */ jsxs("span", {
							class: "tag bad",
							children: ["✕ ", run.error.label]
						}),
						" ",
						run.error.message,
						" ",
						/* @__PURE__ */ jsx("span", {
							class: "soft",
							children: t.scopes[run.error.scope]
						})
					] }),
					/* @__PURE__ */ jsx(Facts, { of: [
						[t.uid, /* @__PURE__ */ jsx("code", { children: run.uid })],
						[t.inputs, run.inputCount],
						[t.batches, run.batchCount],
						[t.results, run.parameters.maxResults ? `${run.outputCount} / ${run.inputCount * run.parameters.maxResults}` : run.outputCount],
						[t.pageSize, run.parameters.pageSize],
						[t.sends, t.callbackOn[run.callbackOn]],
						[t.target, run.callbackUrl ? /* @__PURE__ */ jsx("code", { children: run.callbackUrl }) : t.inherited],
						[t.schedule, run.schedule && run.project && /* @__PURE__ */ jsx("a", {
							href: `/console/projects/${run.project.rawID}/schedules/${run.schedule.rawID}`,
							children: run.schedule.cron ? /* @__PURE__ */ jsx("code", { children: run.schedule.cron }) : t.once
						})],
						[t.by, run.createdByUser?.username],
						[t.created, /* @__PURE__ */ jsx(Time, {
							at: run.createdAt,
							whole: !0
						})],
						[t.started, run.startedAt && /* @__PURE__ */ jsx(Time, {
							at: run.startedAt,
							whole: !0
						})],
						[t.finished, run.finishedAt && /* @__PURE__ */ jsx(Time, {
							at: run.finishedAt,
							whole: !0
						})],
						[t.purged, run.payloadPurgedAt && /* @__PURE__ */ jsx(Time, {
							at: run.payloadPurgedAt,
							whole: !0
						})]
					] }),
					/* @__PURE__ */ jsx(Value, {
						name: t.details,
						of: run.error?.params
					})
				]
			}),
			/* @__PURE__ */ jsx(List, {
				title: t.batches,
				document: batches,
				variables: { id },
				round,
				of: (data) => data.getRun?.batches,
				head: [
					t.page,
					t.status,
					t.results,
					t.calls,
					t.data
				],
				none: /* @__PURE__ */ jsx("p", { children: t.noBatches }),
				row: (batch) => [
					batch.page,
					/* @__PURE__ */ jsx(StateTag, { of: batch.status }),
					batch.resultCount,
					/* @__PURE__ */ jsxs(Fragment, { children: [batch.attempts.map(({ uid, number, startedAt, durationMs, httpStatus, errorCode }) => /* @__PURE__ */ jsxs("div", { children: [
						number,
						" · ",
						/* @__PURE__ */ jsx(Time, { at: startedAt }),
						" ",
						errorCode ?? (httpStatus ? `HTTP ${httpStatus}` : "…"),
						" ",
						durationMs !== null && `${durationMs} ms`
					] }, uid)), batch.nextAttemptAt && /* @__PURE__ */ jsx(Until, {
						at: batch.nextAttemptAt,
						text: t.next
					})] }),
					/* @__PURE__ */ jsxs(Fragment, { children: [
						batch.error && /* @__PURE__ */ jsx("p", {
							title: batch.error.label,
							children: batch.error.message
						}),
						/* @__PURE__ */ jsx(Value, {
							name: t.input,
							of: batch.input
						}),
						/* @__PURE__ */ jsx(Value, {
							name: t.customData,
							of: batch.customData
						}),
						/* @__PURE__ */ jsx(Value, {
							name: t.results,
							of: batch.results
						})
					] })
				]
			}),
			/* @__PURE__ */ jsx(List, {
				title: texts.value.nav.callbacks,
				document: callbacks,
				variables: { id },
				round,
				of: (data) => data.getRun?.callbacks,
				head: callbackHead(),
				row: callbackRow,
				none: /* @__PURE__ */ jsx("p", { children: t.noCallbacks })
			})
		] })
	});
}
export { Run, Runs };
