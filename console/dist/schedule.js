import { E as Loaded, Q as locale, S as useEvery, V as moment, Y as here, Z as useHere, _ as Time, at as graphql, x as useAsk, y as zone } from "./shared.js";
import { A as texts, E as StatusFilter, O as wantedStatus, T as List, _ as ReadOnly, a as schedule, c as runStatuses, h as Facts, i as When, l as someRuns, n as Next, o as runHead, s as runRow, t as Actions, u as StateTag } from "./work.js";
import { Fragment, jsx, jsxs } from "preact/jsx-runtime";
// src/pages/schedule.tsx
var one = graphql("query Schedule($id: ObjectID!) { getSchedule(id: $id) { ...Schedule nextRunsAt project { ...Here } } }", [schedule, here]), runs = graphql("query ScheduleRuns($id: ObjectID!, $after: String, $status: [RunStatus!]) {\n    getSchedule(id: $id) { runs(first: 20, after: $after, filter: { status: $status }) { ...SomeRuns } }\n  }", [someRuns]), Later = ({ of: { nextRunsAt, timezone } }) => /* @__PURE__ */ jsx(Fragment, { children: nextRunsAt.slice(1).map((at) => /* @__PURE__ */ jsxs("div", { children: [/* @__PURE__ */ jsx("time", {
	dateTime: at,
	children: moment(at, timezone, locale.value)
}), zone() !== timezone && /* @__PURE__ */ jsxs("span", {
	class: "soft",
	children: [" · ", moment(at, zone(), locale.value)]
})] }, at)) });
function Schedule({ route }) {
	let t = texts.value.work, id = route.item, asked = useAsk(one, { id }), found = asked.data.value?.getSchedule;
	useHere(found?.project), useEvery(5e3, found?.status === "ACTIVE", asked.again);
	let status = wantedStatus(runStatuses);
	return /* @__PURE__ */ jsx(Loaded, {
		of: asked,
		children: () => found && /* @__PURE__ */ jsxs(Fragment, { children: [/* @__PURE__ */ jsxs("section", {
			"aria-labelledby": "schedule",
			children: [
				/* @__PURE__ */ jsxs("h2", {
					id: "schedule",
					children: [
						t.schedule,
						" ",
						/* @__PURE__ */ jsx(When, { of: found }),
						" ",
						/* @__PURE__ */ jsx(StateTag, { of: found.status })
					]
				}),
				/* @__PURE__ */ jsx(ReadOnly, {}),
				/* @__PURE__ */ jsx(Actions, {
					of: found,
					done: asked.again
				}),
				/* @__PURE__ */ jsx(Facts, { of: [
					[t.next(""), found.nextRunAt && /* @__PURE__ */ jsx(Next, { of: found })],
					[t.thenRuns, found.nextRunsAt.length > 1 && /* @__PURE__ */ jsx(Later, { of: found })],
					[t.lastRun, found.lastRunAt && /* @__PURE__ */ jsx(Time, {
						at: found.lastRunAt,
						whole: !0
					})],
					[t.zone, found.timezone],
					[t.overlap, t.overlaps[found.overlap]],
					[t.uid, /* @__PURE__ */ jsx("code", { children: found.uid })],
					[t.created, /* @__PURE__ */ jsx(Time, {
						at: found.createdAt,
						whole: !0
					})]
				] })
			]
		}), /* @__PURE__ */ jsx(List, {
			title: texts.value.nav.runs,
			tools: /* @__PURE__ */ jsx(StatusFilter, { statuses: runStatuses }),
			document: runs,
			variables: {
				id,
				status: status && [status]
			},
			round: found.lastRunAt ? Date.parse(found.lastRunAt) : 0,
			of: (data) => data.getSchedule?.runs,
			head: runHead(),
			row: (run) => runRow(run, route.project),
			wanted: !!status,
			none: /* @__PURE__ */ jsx("p", { children: t.noRuns })
		})] })
	});
}
export { Schedule };
