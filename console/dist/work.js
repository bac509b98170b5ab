import { $ as texts$1, A as Dialog, E as Loaded, P as viewer, Q as locale, T as Failed, V as moment, X as place, Y as here, Z as useHere, _ as Time, at as graphql, b as useAct, dt as parameters, ft as withParameters, j as Field, lt as go, m as Tag, n as mayChange, ot as ask, p as StatusTag, v as Until, x as useAsk, y as zone } from "./shared.js";
import { computed, useSignal } from "@preact/signals";
import { Fragment, jsx, jsxs } from "preact/jsx-runtime";
import { useId } from "preact/hooks";
// src/texts/work.ts
var work = {
	back: "Back",
	readOnly: "You have the role Viewer here: you see everything and can change nothing. An Admin of the account gives other roles.",
	list: {
		status: "Status",
		any: "Any status",
		all: "Show all",
		noMatch: "None has this status.",
		more: "Show more"
	},
	states: {
		ACTIVE: "Active",
		BLOCKED: "Refused",
		CANCELED: "Cancelled",
		CANCELLED: "Cancelled",
		COMPLETED: "Completed",
		CREATED: "Schedule paused",
		EXPIRED: "Expired",
		FAILED: "Failed",
		IN_PROGRESS: "In progress",
		INVALID: "Not begun",
		PARTIAL_SUCCEEDED: "Partly succeeded",
		PAUSED: "Paused",
		QUEUED: "Queued",
		RUNNING: "Running",
		SCHEDULED: "Scheduled",
		STOPPED: "Stopped",
		SUCCEEDED: "Succeeded",
		SUSPENDED: "Suspended"
	},
	work: {
		status: "Status",
		action: "Action",
		actions: "Actions",
		attempts: "Attempts",
		batches: "Batches",
		by: "By",
		calls: "Calls of the executor",
		cause: "Cause",
		changed: "Changed",
		correct: "Correct",
		created: "Created",
		customData: "Custom data",
		data: "Data",
		details: "Details of the error",
		event: "Event",
		finished: "Finished",
		input: "Input",
		inputs: "Inputs",
		job: "Job",
		lastAction: "Last action",
		lastRun: "Last run",
		thenRuns: "After that",
		metadata: "Metadata",
		next: (span) => span ? `next in ${span}` : "Next",
		once: "once",
		output: "Output",
		overlap: "Overlap",
		page: "Page",
		pageSize: "Results a page",
		purged: "Data deleted",
		results: "Results",
		run: "Run",
		schedule: "Schedule",
		schedules: "Schedules",
		sends: "Sends",
		started: "Started",
		tags: "Tags",
		target: "Calls back to",
		inherited: "the URL of the project or the account",
		uid: "Id",
		when: "When",
		yes: "Yes",
		no: "No",
		zone: "Time zone",
		callbackOn: {
			ALL: "a callback for each batch and a final one",
			FINAL: "the final callback",
			RESULT: "the first result"
		},
		overlaps: {
			ALLOW: "runs beside an earlier run",
			SKIP: "waits while an earlier run goes on"
		},
		jobActions: {
			RESOLVED: "Resolved",
			EDITED: "Edited",
			ACCEPTED: "Accepted",
			DECLINED: "Declined"
		},
		scopes: {
			EXECUTOR: "said by the executor",
			RINGBACK: "said by Ringback"
		},
		pause: "Pause",
		resume: "Resume",
		end: "Cancel schedule",
		endHint: "It never fires again, and the run that waits for it is stopped. Runs that have begun go on.",
		stop: "Stop run",
		stopHint: "Batches that wait are not executed, answers under way count no more, and the final callback says STOPPED.",
		noRuns: "There is no run yet.",
		noRunsHint: "The mutation createRun, or POST /v1/actions/{action}, sets an action of the account to work on inputs.",
		noSchedules: "There is no schedule. The mutation createRun makes one with mode SCHEDULE.",
		noJobs: "There is no job yet.",
		noJobsHint: "The mutation createJobs makes them; what is done to each comes back as a callback.",
		noBatches: "There is no batch yet.",
		noCallbacks: "No callback was sent yet."
	},
	once: "Shown this once:",
	fields: {
		accountId: "Account",
		apiCallbackUrl: "Callback URL",
		email: "Email",
		firstName: "First name",
		lastName: "Last name",
		name: "Name",
		noticeMode: "Notices",
		partnerAccountId: "Id at the partner",
		partnerUserId: "Id at the partner",
		primaryDomain: "Domain",
		role: "Role",
		ssoClientId: "SSO client",
		timezone: "Time zone",
		webhookUrl: "Webhook"
	},
	admin: {
		account: "New account…",
		client: "New SSO client…",
		clients: "SSO clients",
		user: "New user…",
		project: "New project…",
		name: "Name",
		id: "Id",
		zone: "Time zone",
		health: "Health",
		role: "Role",
		roles: "Roles",
		giveRole: "Give a role…",
		noRole: "No role",
		noRoleHint: "Then this user sees nothing of the account any more.",
		own: "It is your own: only another Admin can give it back.",
		admins: "Only Admins of the account see its users and give roles.",
		key: "Key",
		keys: "Keys",
		newKey: "New key…",
		deleteKey: "Delete key",
		deleteHint: "Programs that use it are refused from now on.",
		webhook: "Webhook",
		change: "Change…",
		test: "Send test",
		secret: "Secret",
		reveal: "Show secrets",
		rotate: "Rotate secret",
		rotateHint: "A new secret signs from now on; the old ones sign beside it for 24 h.",
		failures: "Failures",
		none: "None yet."
	}
}, texts = computed(() => ({
	...work,
	...texts$1.value
}));
// src/parts/create.tsx
function Create({ label, fields, values = {}, work }) {
	let open = useSignal(!1), typed = useSignal({}), once = useSignal(""), { busy, failure, act } = useAct(), list = Object.entries(fields).map(([name, choices]) => ({
		name: name.replace("*", ""),
		needed: name.endsWith("*"),
		choices
	})), close = () => {
		open.value = !1, typed.value = {}, once.value = "", failure.value = void 0;
	}, elsewhere = failure.value && !failure.value.problems.every(({ field }) => list.some(({ name }) => field === name || field?.startsWith(`${name}.`)));
	return /* @__PURE__ */ jsxs(Fragment, { children: [/* @__PURE__ */ jsx("button", {
		type: "button",
		onClick: () => open.value = !0,
		children: label
	}), open.value && /* @__PURE__ */ jsx(Dialog, {
		title: label,
		onClose: close,
		children: once.value ? /* @__PURE__ */ jsxs("p", { children: [
			texts.value.once,
			" ",
			/* @__PURE__ */ jsx("code", { children: once.value })
		] }) : /* @__PURE__ */ jsxs("form", {
			onSubmit: (event) => {
				event.preventDefault(), act(async () => {
					once.value = await work(typed.value) || "", once.value || close();
				});
			},
			children: [
				list.map(({ name, needed, choices }) => /* @__PURE__ */ jsx(Field, {
					label: texts.value.fields[name],
					problem: failure.value?.of(name),
					children: (props) => {
						let value = (name in typed.value ? typed.value : values)[name] ?? "", set = (event) => {
							let next = event.currentTarget.value, { [name]: _, ...others } = typed.value;
							typed.value = next || values[name] ? {
								...others,
								[name]: next || null
							} : others;
						};
						return choices.length ? /* @__PURE__ */ jsx("select", {
							...props,
							required: needed,
							onChange: set,
							children: ["", ...choices].map((one) => /* @__PURE__ */ jsx("option", {
								selected: one === value,
								children: one
							}, one))
						}) : /* @__PURE__ */ jsx("input", {
							...props,
							required: needed,
							value,
							onInput: set
						});
					}
				}, name)),
				elsewhere && /* @__PURE__ */ jsx(Failed, { failure: failure.value }),
				/* @__PURE__ */ jsx("button", {
					class: "primary",
					disabled: busy.value,
					children: texts.value.save
				})
			]
		})
	})] });
}
// src/parts/list.tsx
function List({ title, tools, document, variables, of, head, row, none, wanted, round }) {
	let t = texts.value, id = useId(), key = JSON.stringify([variables, round]), first = {
		key,
		after: null,
		before: [],
		seen: void 0
	}, turned = useSignal(first), { after, before, seen } = turned.value.key === key ? turned.value : first, asked = useAsk(document, {
		...variables,
		after
	}, round);
	return /* @__PURE__ */ jsxs("section", {
		"aria-labelledby": id,
		children: [/* @__PURE__ */ jsxs("h2", {
			id,
			children: [
				title,
				" ",
				asked.data.value && /* @__PURE__ */ jsx("small", { children: of(asked.data.value)?.totalCount }),
				tools && /* @__PURE__ */ jsx("span", {
					class: "end",
					children: tools
				})
			]
		}), /* @__PURE__ */ jsx(Loaded, {
			of: asked,
			rows: 5,
			children: (data) => {
				let found = of(data), rows = data === seen ? before : [...before, ...found?.nodes ?? []];
				return rows.length ? /* @__PURE__ */ jsxs(Fragment, { children: [/* @__PURE__ */ jsx(Table, {
					title,
					head,
					rows: rows.map(row),
					busy: asked.busy.value
				}), found?.pageInfo.hasNextPage && /* @__PURE__ */ jsx("button", {
					type: "button",
					disabled: asked.busy.value,
					onClick: () => turned.value = {
						key,
						after: found.pageInfo.endCursor,
						before: rows,
						seen: data
					},
					children: t.list.more
				})] }) : /* @__PURE__ */ jsx("div", {
					class: "empty",
					children: wanted ? /* @__PURE__ */ jsxs("p", { children: [
						t.list.noMatch,
						" ",
						/* @__PURE__ */ jsx("a", {
							href: withParameters({ status: null }),
							children: t.list.all
						})
					] }) : none
				});
			}
		})]
	});
}
function Table({ title, head, rows, busy }) {
	return /* @__PURE__ */ jsxs("table", {
		class: "rows",
		"aria-busy": busy,
		"aria-label": title,
		children: [/* @__PURE__ */ jsx("thead", { children: /* @__PURE__ */ jsx("tr", { children: head.map((name) => /* @__PURE__ */ jsx("th", {
			scope: "col",
			children: name
		}, name)) }) }), /* @__PURE__ */ jsx("tbody", { children: rows.map((cells, place) => /* @__PURE__ */ jsx("tr", { children: cells.map((cell, column) => /* @__PURE__ */ jsx("td", {
			"data-label": head[column],
			children: cell
		}, column)) }, place)) })]
	});
}
function StatusFilter({ statuses }) {
	let t = texts.value, chosen = wantedStatus(statuses);
	return /* @__PURE__ */ jsxs("select", {
		"aria-label": t.list.status,
		value: chosen ?? "",
		onChange: (event) => go(withParameters({ status: event.currentTarget.value })),
		children: [/* @__PURE__ */ jsx("option", {
			value: "",
			selected: !chosen,
			children: t.list.any
		}), statuses.map((status) => /* @__PURE__ */ jsx("option", {
			value: status,
			selected: status === chosen,
			children: t.states[status]
		}, status))]
	});
}
var wantedStatus = (statuses) => statuses.find((status) => status === parameters.value.get("status")) ?? null, someone = graphql("fragment Someone on User { id rawID username firstName lastName }"), createKey = graphql("mutation CreateUserKey($input: CreateUserKeyInput!) { createUserKey(input: $input) { id secret } }"), setRole = graphql("mutation SetRole($input: SetAccountRoleInput!) { setAccountRole(input: $input) { role } }"), removeRole = graphql("mutation RemoveRole($input: RemoveAccountRoleInput!) { removeAccountRole(input: $input) { user { id } } }"), roles = [
	"Viewer",
	"Editor",
	"Admin"
], Who = ({ of: { firstName, lastName, username } }) => /* @__PURE__ */ jsxs(Fragment, { children: [
	[firstName, lastName].filter(Boolean).join(" "),
	" ",
	username
] }), NewKey = ({ of: { rawID } }) => /* @__PURE__ */ jsx(Create, {
	label: texts.value.admin.newKey,
	fields: {},
	work: async () => {
		let { createUserKey: made } = await ask(createKey, { input: { userId: rawID } });
		return `${made.id} ${made.secret}`;
	}
});
function RoleOf({ account, user, role, done }) {
	let t = texts.value, chosen = useSignal(role), { busy, failure, act } = useAct(), input = {
		accountId: account,
		userId: user.id
	};
	return /* @__PURE__ */ jsxs("form", {
		class: "row",
		onSubmit: (event) => {
			event.preventDefault();
			let wanted = chosen.value;
			act(async () => {
				await (wanted ? ask(setRole, { input: {
					...input,
					role: wanted
				} }) : ask(removeRole, { input })), done();
			});
		},
		children: [
			/* @__PURE__ */ jsx("select", {
				"aria-label": `${t.admin.role}: ${user.username}`,
				value: chosen.value,
				onChange: (event) => {
					chosen.value = event.currentTarget.value, failure.value = void 0;
				},
				children: [...roles, ""].map((one) => /* @__PURE__ */ jsx("option", {
					value: one,
					selected: one === chosen.value,
					children: one ? t.roles[one] : t.admin.noRole
				}, one))
			}),
			chosen.value !== role && /* @__PURE__ */ jsxs(Fragment, { children: [
				/* @__PURE__ */ jsx("button", {
					class: "primary",
					disabled: busy,
					children: t.save
				}),
				/* @__PURE__ */ jsx("button", {
					type: "button",
					onClick: () => chosen.value = role,
					children: t.settings.undo
				}),
				/* @__PURE__ */ jsxs("span", {
					class: "hint",
					role: "status",
					children: [
						!chosen.value && t.admin.noRoleHint,
						" ",
						viewer.value?.user?.id === user.id && t.admin.own
					]
				})
			] }),
			failure.value && /* @__PURE__ */ jsx(Failed, { failure: failure.value })
		]
	});
}
// src/parts/detail.tsx
var where = graphql("query Where($id: ObjectID!) { getProject(id: $id) { ...Here } }", [here]);
function InProject({ id, children }) {
	let asked = useAsk(where, { id });
	return useHere(asked.data.value?.getProject), /* @__PURE__ */ jsx(Loaded, {
		of: asked,
		children: () => /* @__PURE__ */ jsxs(Fragment, { children: [/* @__PURE__ */ jsx(ReadOnly, {}), children] })
	});
}
function Facts({ of }) {
	return /* @__PURE__ */ jsx("dl", {
		class: "facts",
		children: of.map(([name, value]) => value != null && value !== "" && /* @__PURE__ */ jsxs("div", { children: [/* @__PURE__ */ jsx("dt", { children: name }), /* @__PURE__ */ jsx("dd", { children: value })] }, name))
	});
}
function Value({ name, of, open }) {
	return of == null ? null : /* @__PURE__ */ jsxs("details", {
		open,
		children: [/* @__PURE__ */ jsx("summary", { children: name }), /* @__PURE__ */ jsx("pre", { children: JSON.stringify(of, null, 2) })]
	});
}
var ReadOnly = () => mayChange("project", place.value.role) ? null : /* @__PURE__ */ jsx("p", {
	class: "note",
	children: texts.value.readOnly
});
function Act({ label, sure, work }) {
	let asking = useSignal(!1), { busy, failure, act } = useAct(), run = async () => {
		await act(work), asking.value = !1;
	};
	return /* @__PURE__ */ jsxs(Fragment, { children: [
		/* @__PURE__ */ jsx("button", {
			type: "button",
			disabled: busy.value,
			onClick: () => sure ? asking.value = !0 : void run(),
			children: label
		}),
		asking.value && /* @__PURE__ */ jsxs(Dialog, {
			title: label,
			onClose: () => asking.value = !1,
			children: [/* @__PURE__ */ jsx("p", { children: sure }), /* @__PURE__ */ jsxs("p", {
				class: "row",
				children: [/* @__PURE__ */ jsx("button", {
					type: "button",
					class: "primary",
					disabled: busy.value,
					onClick: () => void run(),
					children: label
				}), /* @__PURE__ */ jsx("button", {
					type: "button",
					onClick: () => asking.value = !1,
					children: texts.value.back
				})]
			})]
		}),
		failure.value && /* @__PURE__ */ jsx(Failed, { failure: failure.value })
	] });
}
// src/work/callbacks.tsx
var sent = graphql("\n  fragment Sent on CallbackConnection {\n    totalCount\n    nodes { uid event status heldByPause attemptCount error { code message } nextAttemptAt createdAt project { rawID } }\n    pageInfo { hasNextPage endCursor }\n  }\n"), callbackHead = () => {
	let t = texts.value.work;
	return [
		t.status,
		t.event,
		t.attempts,
		t.cause,
		t.created
	];
}, callbackRow = (callback) => {
	let { uid, event, attemptCount, error, nextAttemptAt, createdAt, project } = callback;
	return [
		/* @__PURE__ */ jsx(StatusTag, { of: callback }),
		project ? /* @__PURE__ */ jsx("a", {
			href: `/console/projects/${project.rawID}?callback=${uid}`,
			children: texts.value.events[event]
		}) : texts.value.events[event],
		attemptCount,
		(error || nextAttemptAt) && /* @__PURE__ */ jsxs(Fragment, { children: [
			error && /* @__PURE__ */ jsx("span", {
				title: error.message,
				children: error.code
			}),
			" ",
			nextAttemptAt && /* @__PURE__ */ jsx(Until, {
				at: nextAttemptAt,
				text: texts.value.work.next
			})
		] }),
		/* @__PURE__ */ jsx(Time, {
			at: createdAt,
			whole: !0
		})
	];
}, states = [
	[
		"ok",
		"✓",
		"SUCCEEDED COMPLETED ACTIVE"
	],
	[
		"bad",
		"✕",
		"FAILED INVALID BLOCKED EXPIRED"
	],
	[
		"wait",
		"◷",
		"SCHEDULED QUEUED PARTIAL_SUCCEEDED"
	],
	[
		"wait",
		"‖",
		"PAUSED CREATED SUSPENDED"
	],
	[
		"plain",
		"•",
		"RUNNING IN_PROGRESS"
	]
];
function StateTag({ of }) {
	let [kind, sign] = states.find(([, , all]) => all.split(" ").includes(of)) ?? ["plain", "–"];
	return /* @__PURE__ */ jsx(Tag, {
		kind,
		sign,
		title: of,
		children: texts.value.states[of]
	});
}
// src/work/runs.tsx
var runStatuses = [
	"RUNNING",
	"QUEUED",
	"SCHEDULED",
	"SUCCEEDED",
	"PARTIAL_SUCCEEDED",
	"FAILED",
	"BLOCKED",
	"STOPPED",
	"CREATED",
	"INVALID"
], someRuns = graphql("\n  fragment SomeRuns on RunConnection {\n    totalCount\n    nodes { rawID uid action status inputCount outputCount error { label message } createdAt finishedAt }\n    pageInfo { hasNextPage endCursor }\n  }\n"), runHead = () => {
	let t = texts.value.work;
	return [
		t.status,
		t.action,
		t.inputs,
		t.results,
		t.cause,
		t.created,
		t.finished
	];
}, runRow = (run, project) => [
	/* @__PURE__ */ jsx(StateTag, { of: run.status }),
	/* @__PURE__ */ jsxs("a", {
		href: `/console/projects/${project}/runs/${run.rawID}`,
		title: run.uid,
		children: [
			run.action,
			" ",
			run.rawID
		]
	}),
	run.inputCount,
	run.outputCount,
	run.error && /* @__PURE__ */ jsx("span", {
		title: run.error.message,
		children: run.error.label
	}),
	/* @__PURE__ */ jsx(Time, {
		at: run.createdAt,
		whole: !0
	}),
	run.finishedAt && /* @__PURE__ */ jsx(Time, {
		at: run.finishedAt,
		whole: !0
	})
], schedule = graphql("fragment Schedule on Schedule { id rawID uid cron at timezone overlap status nextRunAt lastRunAt createdAt }"), list = graphql("query Schedules($id: ObjectID!, $after: String) {\n    getProject(id: $id) {\n      schedules(first: 20, after: $after) { totalCount nodes { ...Schedule } pageInfo { hasNextPage endCursor } }\n    }\n  }", [schedule]), pause = graphql("mutation PauseSchedule($input: PauseScheduleInput!) { pauseSchedule(input: $input) { schedule { id } } }"), resume = graphql("mutation ResumeSchedule($input: ResumeScheduleInput!) { resumeSchedule(input: $input) { schedule { id } } }"), cancel = graphql("mutation CancelSchedule($input: CancelScheduleInput!) { cancelSchedule(input: $input) { schedule { id } } }");
function ScheduleList({ project }) {
	let t = texts.value.work, round = useSignal(0);
	return /* @__PURE__ */ jsx(List, {
		title: t.schedules,
		document: list,
		variables: { id: project },
		round: round.value,
		of: (data) => data.getProject?.schedules,
		head: [
			t.status,
			t.when,
			t.next(""),
			t.lastRun,
			t.actions
		],
		none: /* @__PURE__ */ jsx("p", { children: t.noSchedules }),
		row: (found) => [
			/* @__PURE__ */ jsx(StateTag, { of: found.status }),
			/* @__PURE__ */ jsx("a", {
				href: `/console/projects/${project}/schedules/${found.rawID}`,
				title: found.uid,
				children: /* @__PURE__ */ jsx(When, { of: found })
			}),
			/* @__PURE__ */ jsx(Next, { of: found }),
			found.lastRunAt && /* @__PURE__ */ jsx(Time, {
				at: found.lastRunAt,
				whole: !0
			}),
			/* @__PURE__ */ jsx(Actions, {
				of: found,
				done: () => round.value++
			})
		]
	});
}
var When = ({ of: { cron, at } }) => cron ? /* @__PURE__ */ jsx("code", { children: cron }) : at ? /* @__PURE__ */ jsx(Time, {
	at,
	whole: !0
}) : null;
function Next({ of: { nextRunAt, timezone } }) {
	return nextRunAt ? /* @__PURE__ */ jsxs(Fragment, { children: [/* @__PURE__ */ jsx(Until, {
		at: nextRunAt,
		text: (span) => texts.value.work.next(span)
	}), [.../* @__PURE__ */ new Set([
		timezone,
		zone(),
		"UTC"
	])].map((name) => /* @__PURE__ */ jsxs("div", { children: [
		/* @__PURE__ */ jsx("time", {
			dateTime: nextRunAt,
			children: moment(nextRunAt, name, locale.value)
		}),
		" ",
		/* @__PURE__ */ jsx("span", {
			class: "soft",
			children: name
		})
	] }, name))] }) : null;
}
function Actions({ of: { id, status }, done }) {
	let t = texts.value.work;
	if (!mayChange("project", place.value.role)) return null;
	let input = { scheduleId: id };
	return /* @__PURE__ */ jsxs("div", {
		class: "row",
		children: [
			status === "ACTIVE" && /* @__PURE__ */ jsx(Act, {
				label: t.pause,
				work: () => ask(pause, { input }).then(done)
			}),
			status === "PAUSED" && /* @__PURE__ */ jsx(Act, {
				label: t.resume,
				work: () => ask(resume, { input }).then(done)
			}),
			(status === "ACTIVE" || status === "PAUSED") && /* @__PURE__ */ jsx(Act, {
				label: t.end,
				sure: t.endHint,
				work: () => ask(cancel, { input }).then(done)
			})
		]
	});
}
export { texts as A, setRole as C, Table as D, StatusFilter as E, wantedStatus as O, roles as S, List as T, ReadOnly as _, schedule as a, RoleOf as b, runStatuses as c, callbackHead as d, callbackRow as f, InProject as g, Facts as h, When as i, Create as k, someRuns as l, Act as m, Next as n, runHead as o, sent as p, ScheduleList as r, runRow as s, Actions as t, StateTag as u, Value as v, someone as w, Who as x, NewKey as y };
