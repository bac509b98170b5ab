import { E as Loaded, S as useEvery, Y as here, Z as useHere, _ as Time, at as graphql, x as useAsk } from "./shared.js";
import { A as texts, E as StatusFilter, O as wantedStatus, T as List, d as callbackHead, f as callbackRow, g as InProject, h as Facts, p as sent, u as StateTag, v as Value } from "./work.js";
import { Fragment, jsx, jsxs } from "preact/jsx-runtime";
// src/pages/jobs.tsx
var states = [
	"SCHEDULED",
	"IN_PROGRESS",
	"SUSPENDED",
	"COMPLETED",
	"FAILED",
	"CANCELED",
	"EXPIRED"
], list = graphql("\n  query Jobs($id: ObjectID!, $after: String, $state: [JobState!]) {\n    getProject(id: $id) {\n      jobs(first: 20, after: $after, filter: { state: $state }) {\n        totalCount\n        nodes { rawID uuid state lastAction tags correct createdAt completedAt }\n        pageInfo { hasNextPage endCursor }\n      }\n    }\n  }\n");
function Jobs({ route }) {
	let t = texts.value.work, state = wantedStatus(states);
	return /* @__PURE__ */ jsx(InProject, {
		id: route.project,
		children: /* @__PURE__ */ jsx(List, {
			title: texts.value.nav.jobs,
			tools: /* @__PURE__ */ jsx(StatusFilter, { statuses: states }),
			document: list,
			variables: {
				id: route.project,
				state: state && [state]
			},
			of: (data) => data.getProject?.jobs,
			head: [
				t.status,
				t.job,
				t.lastAction,
				t.tags,
				t.created,
				t.finished
			],
			wanted: !!state,
			none: /* @__PURE__ */ jsxs(Fragment, { children: [/* @__PURE__ */ jsx("p", { children: t.noJobs }), /* @__PURE__ */ jsx("p", {
				class: "hint",
				children: t.noJobsHint
			})] }),
			row: (job) => [
				/* @__PURE__ */ jsx(StateTag, { of: job.state }),
				/* @__PURE__ */ jsx("a", {
					href: `/console/projects/${route.project}/jobs/${job.rawID}`,
					title: job.uuid,
					children: job.rawID
				}),
				job.lastAction && t.jobActions[job.lastAction],
				job.tags.join(", "),
				/* @__PURE__ */ jsx(Time, {
					at: job.createdAt,
					whole: !0
				}),
				job.completedAt && /* @__PURE__ */ jsx(Time, {
					at: job.completedAt,
					whole: !0
				})
			]
		})
	});
}
var one = graphql("query Job($id: ObjectID!) {\n    getJob(id: $id) {\n      rawID uuid state input output metadata tags callbackUrl correct lastAction createdAt updatedAt completedAt\n      createdByUser { username }\n      project { ...Here }\n    }\n  }", [here]), callbacks = graphql("query JobCallbacks($id: ObjectID!, $after: String) { getJob(id: $id) { callbacks(first: 20, after: $after) { ...Sent } } }", [sent]);
function Job({ route }) {
	let t = texts.value.work, id = route.item, asked = useAsk(one, { id }), job = asked.data.value?.getJob;
	return useHere(job?.project), useEvery(5e3, !(!job || job.completedAt), asked.again), /* @__PURE__ */ jsx(Loaded, {
		of: asked,
		children: () => job && /* @__PURE__ */ jsxs(Fragment, { children: [/* @__PURE__ */ jsxs("section", {
			"aria-labelledby": "job",
			children: [
				/* @__PURE__ */ jsxs("h2", {
					id: "job",
					children: [
						t.job,
						" ",
						job.rawID,
						" ",
						/* @__PURE__ */ jsx(StateTag, { of: job.state })
					]
				}),
				/* @__PURE__ */ jsx(Facts, { of: [
					[t.uid, /* @__PURE__ */ jsx("code", { children: job.uuid })],
					[t.lastAction, job.lastAction && t.jobActions[job.lastAction]],
					[t.correct, job.correct === null ? null : job.correct ? t.yes : t.no],
					[t.tags, job.tags.join(", ")],
					[t.target, job.callbackUrl ? /* @__PURE__ */ jsx("code", { children: job.callbackUrl }) : t.inherited],
					[t.by, job.createdByUser?.username],
					[t.created, /* @__PURE__ */ jsx(Time, {
						at: job.createdAt,
						whole: !0
					})],
					[t.changed, /* @__PURE__ */ jsx(Time, {
						at: job.updatedAt,
						whole: !0
					})],
					[t.finished, job.completedAt && /* @__PURE__ */ jsx(Time, {
						at: job.completedAt,
						whole: !0
					})]
				] }),
				/* @__PURE__ */ jsx(Value, {
					name: t.input,
					of: job.input,
					open: !0
				}),
				/* @__PURE__ */ jsx(Value, {
					name: t.output,
					of: job.output,
					open: !0
				}),
				/* @__PURE__ */ jsx(Value, {
					name: t.metadata,
					of: job.metadata
				})
			]
		}), /* @__PURE__ */ jsx(List, {
			title: texts.value.nav.callbacks,
			document: callbacks,
			variables: { id },
			round: Date.parse(job.updatedAt),
			of: (data) => data.getJob?.callbacks,
			head: callbackHead(),
			row: callbackRow,
			none: /* @__PURE__ */ jsx("p", { children: t.noCallbacks })
		})] })
	});
}
export { Job, Jobs };
