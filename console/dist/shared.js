import { render } from "preact";
import { computed, effect, signal, useSignal } from "@preact/signals";
import { Fragment, jsx, jsxs } from "preact/jsx-runtime";
import { useEffect, useId, useRef } from "preact/hooks";
// src/api/session.ts
var stored = "ringback.credential", embedded = /^\/console\/embed(\/|$)/.test(location.pathname);
function read() {
	if (embedded) return "";
	try {
		return sessionStorage.getItem(stored) ?? "";
	} catch {
		return "";
	}
}
var credential = signal(read()), expired = signal(!1), renewed = signal(0);
function signIn(secret) {
	try {
		embedded || sessionStorage.setItem(stored, secret);
	} catch {}
	credential.value = secret, expired.value = !1, renewed.value++;
}
function forget() {
	try {
		sessionStorage.removeItem(stored);
	} catch {}
	credential.value = "", expired.value = !1;
}
var isKey = (secret) => /^(?!rb[stkl]_)[!-~]+$/.test(secret);
function headersOf(secret) {
	return secret ? isKey(secret) ? { "x-api-key": secret } : { "x-auth-token": secret } : {};
}
// src/route.ts
var address = signal(new URL(location.href)), parameters = computed(() => address.value.searchParams);
function go(to, replace = !1) {
	let next = new URL(to, location.href);
	if (embedded && (next.pathname = next.pathname.replace(/^\/console(?!\/embed)/, "/console/embed")), next.href === location.href) return;
	let other = next.pathname !== location.pathname;
	history[replace ? "replaceState" : "pushState"](null, "", next), address.value = next, other && scrollTo(0, 0);
}
var link = (to) => new URL(to, location.href).href.replace("/console/embed/", "/console/");
function withParameters(changes) {
	let next = new URL(address.value);
	for (let [name, value] of Object.entries(changes)) {
		next.searchParams.delete(name);
		for (let one of [value ?? []].flat()) one && next.searchParams.append(name, one);
	}
	return next.pathname + next.search;
}
var routes = [
	[/^\/console\/?$/, () => ({ page: "home" })],
	[/^\/console\/(?<page>admin|partners)\/?$/, (found) => found],
	[/^\/console\/(?<page>partner)s\/(?<item>\d+)\/?$/, (found) => found],
	[/^\/console\/accounts\/(?<account>\d+)\/?$/, ({ account }) => ({
		page: "account",
		account
	})],
	[/^\/console\/accounts\/(?<account>\d+)\/(?<page>users)\/?$/, (found) => found],
	[/^\/console\/projects\/(?<project>\d+)\/(?<page>runs|jobs)\/?$/, (found) => found],
	[/^\/console\/projects\/(?<project>\d+)\/(?<page>run|schedule|job)s\/(?<item>\d+)\/?$/, (found) => found],
	[/^\/console\/projects\/(?<project>\d+)(?:\/(?<part>[a-z]+))?\/?$/, (found) => ({
		page: "project",
		...found
	})],
	[/^\/accounts\/(?<account>\d+)\/projects\/(?<project>\d+)\/edit\/?$/, ({ project }) => ({
		page: "project",
		project,
		part: "settings"
	})]
];
function routeOf(url) {
	let path = url.pathname.replace(/^\/console\/embed(?=\/|$)/, "/console");
	for (let [pattern, read] of routes) {
		let found = pattern.exec(path);
		if (found) return read({ ...found.groups }, url.searchParams);
	}
	return { page: "nothing" };
}
function listen() {
	addEventListener("popstate", () => {
		address.value = new URL(location.href);
	}), document.addEventListener("click", (event) => {
		if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
		let link = event.target.closest?.("a"), to = link && new URL(link.getAttribute("href") ?? "", location.href);
		to && !link.hasAttribute("target") && to.origin === location.origin && to.pathname.startsWith("/console") && (to.hash && to.pathname === location.pathname || (event.preventDefault(), go(to.href)));
	});
}
// src/api/failure.ts
var Failure = class extends Error {
	problems;
	requestId;
	current;
	retryAt;
	constructor(problems, requestId, current, retryAt) {
		super(problems.map((problem) => problem.message).join(" ")), this.problems = problems, this.requestId = requestId, this.current = current, this.retryAt = retryAt;
	}
	get code() {
		return this.problems[0]?.code ?? "INTERNAL_SERVER_ERROR";
	}
	of(field) {
		return this.problems.filter((problem) => problem.field === field || problem.field?.startsWith(`${field}.`)).map((problem) => problem.message).join(" ");
	}
};
function failureOf(errors, requestId) {
	let extension = (name) => errors.find((error) => error.extensions?.[name])?.extensions?.[name];
	return new Failure(errors.map(({ message, extensions }) => ({
		code: String(extensions?.code ?? "INTERNAL_SERVER_ERROR"),
		message,
		field: extensions?.field
	})), extension("requestId") ?? requestId ?? void 0, extension("current"), extension("retryAt"));
}
var offline = () => new Failure([{
	code: "OFFLINE",
	message: ""
}]), url = "/graphql", post = (document, variables, accept, secret, signal) => fetch(url, {
	method: "POST",
	headers: {
		"content-type": "application/json",
		accept,
		...headersOf(secret)
	},
	body: JSON.stringify({
		query: document,
		variables
	}),
	cache: "no-store",
	signal
});
async function ask(document, variables, secret = credential.peek()) {
	let answer, id = null;
	try {
		let response = await post(document, variables, "application/json", secret);
		id = response.headers.get("x-request-id"), answer = await response.json();
	} catch {
		throw offline();
	}
	if (answer.data && !answer.errors?.length) return answer.data;
	let failure = failureOf(answer.errors ?? [], id);
	throw notice(failure, secret), failure;
}
function notice(failure, sent) {
	failure.code === "UNAUTHENTICATED" && sent && sent === credential.peek() && (expired.value = !0);
}
function follow(document, variables, next, ended) {
	let stopped = new AbortController(), sent = credential.peek();
	return (async () => {
		let reason, take = ({ data, errors }) => {
			errors?.length ? reason = failureOf(errors) : data && next(data);
		}, response = await post(document, variables, "text/event-stream", sent, stopped.signal);
		if (!response.headers.get("content-type")?.startsWith("text/event-stream")) return take(await response.json()), reason ?? offline();
		let reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
		for (let rest = "";;) {
			let { done, value } = await reader.read();
			if (done) return reason ?? offline();
			let [events, left] = readEvents(rest + value);
			rest = left;
			for (let { event, data } of events) {
				if (event === "complete") return reason;
				event === "next" && take(JSON.parse(data));
			}
		}
	})().catch(() => offline()).then((reason) => {
		stopped.signal.aborted || (reason && notice(reason, sent), ended(reason), stopped.abort());
	}), () => stopped.abort();
}
function readEvents(text) {
	let blocks = text.split(/\r?\n\r?\n/), rest = blocks.pop();
	return [blocks.map((block) => {
		let found = {
			event: "message",
			data: ""
		};
		for (let line of block.split(/\r?\n/)) {
			let [, name, value = ""] = /^(event|data):? ?(.*)$/.exec(line) ?? [];
			name === "event" && (found.event = value), name === "data" && (found.data += value);
		}
		return found;
	}).filter(({ event, data }) => event !== "message" || data), rest];
}
// src/api/graphql.ts
var graphql = ((text, fragments = []) => fragments.flatMap((fragment) => fragment.split(/(?=fragment \w+ on )/)).reduce((all, fragment) => all.includes(fragment.trim()) ? all : `${all}\n${fragment.trim()}`, text)), byCode = graphql("\n  mutation SignInByLoginCode($code: String!) {\n    createSessionUsingLoginCode(input: { code: $code }) { token }\n  }\n"), codeIn = (text) => new URLSearchParams(text.split("#")[1]).get("code");
async function signInByCode(code) {
	let { createSessionUsingLoginCode } = await ask(byCode, { code }, "");
	signIn(createSessionUsingLoginCode.token);
}
var refusedCode = signal(!1), offeredCode = signal("");
async function takeCode() {
	let code = codeIn(location.hash);
	code && (history.replaceState(null, "", location.pathname + location.search), address.value = new URL(location.href), credential.peek() ? offeredCode.value = code : await signInByCode(code).catch(() => refusedCode.value = !0));
}
// src/texts/en.ts
var en = {
	loading: "Loading…",
	retry: "Retry",
	requestId: "Request id",
	close: "Close",
	cancel: "Cancel",
	save: "Save",
	copy: "Copy",
	copied: "Copied",
	byHand: "The browser refuses: copy it by hand",
	show: "Show",
	hide: "Hide",
	none: "None",
	skip: "To the content",
	failures: {
		NEW_VERSION: "Ringback was upgraded: load the page anew. What you have typed is lost with it.",
		OFFLINE: "The server cannot be reached. What you have typed stays here.",
		UNAUTHENTICATED: "Your session has ended.",
		ENTITY_NOT_FOUND: "There is no such thing, or you may not see it.",
		INTERNAL_SERVER_ERROR: "Something went wrong on the server.",
		TIMEOUT: "The server took too long."
	},
	nav: {
		sections: "Sections",
		where: "Where you are",
		accounts: "Accounts",
		callbacks: "Callbacks",
		runs: "Runs",
		jobs: "Jobs",
		users: "Users"
	},
	menu: {
		title: "Menu",
		language: "Language",
		theme: "Appearance",
		themes: {
			auto: "As the system",
			light: "Light",
			dark: "Dark"
		},
		admin: "Administration",
		partner: "Partner",
		explorer: "GraphQL Explorer",
		signOut: "Sign out",
		key: "A key"
	},
	roles: {
		Admin: "Admin",
		Editor: "Editor",
		Viewer: "Viewer"
	},
	home: {
		title: "Accounts",
		projects: (n) => n === 1 ? "1 project" : `${n} projects`,
		noAccounts: "You have no role on any account yet.",
		noAccountsHint: "Whoever runs this platform gives you one.",
		noProjects: "This account has no project yet.",
		noProjectsHint: "A project is made by the mutation createProject: the Explorer has it.",
		find: "Find a project",
		noMatch: "No project has this in its name, its domain or its id.",
		clear: "Show all",
		more: "Show more"
	},
	embed: {
		waiting: "Waiting for the page around this one to say who is looking.",
		alone: "This page is shown within another one, which hands over a session. By itself it shows nothing.",
		expired: "The session has ended, or there never was one. Reload the page.",
		other: "There is no such thing, or the session is of another project or account.",
		key: "What was handed over is no session. Hand over the token of createPortalSession: a page must not have a key."
	},
	nothing: {
		title: "There is no page here",
		back: "To your accounts"
	},
	statuses: {
		PENDING: "Waiting",
		PAUSED: "Paused",
		RUNNING: "Sending",
		SUCCESS: "Arrived",
		FAILED: "Given up",
		CANCELLED: "Cancelled"
	},
	events: {
		CRAWL_FINISHED: "Crawl finished",
		REPORT_DOWNLOAD_GENERATED: "Report ready",
		RUN_BATCH_FINISHED: "Page of a run",
		RUN_FINISHED: "Run finished",
		RUN_RESULT: "Run result",
		JOB_UPDATED: "Job updated",
		CALLBACK_FAILED: "Failure notice",
		CALLBACKS_FAILED: "Failure digest",
		CALLBACK_RECOVERED: "Recovery notice",
		TEST: "Test"
	},
	sources: {
		PROJECT: "project",
		ACCOUNT: "account",
		REQUEST: "request",
		SSO_CLIENT: "partner"
	},
	health: {
		title: "Health",
		words: {
			HEALTHY: "Healthy",
			FAILING: "Failing",
			PAUSED: "Paused",
			NEVER_USED: "Not used yet",
			NOTHING: "Nothing has arrived yet"
		},
		last: {
			DAY: "last 24 hours",
			WEEK: "last 7 days",
			MONTH: "last 30 days"
		},
		ranges: {
			DAY: "24 h",
			WEEK: "7 d",
			MONTH: "30 d"
		},
		since: "since",
		first: "Set a URL and send a test.",
		firstTest: "Send a test.",
		uncounted: "Tests are not counted here. The first event makes the first callback:",
		endCrawl: "Copy a command that ends a crawl",
		platformKey: "PLATFORM_KEY in it is RINGBACK_PLATFORM_KEY, or what the server printed at its first start.",
		arrived: "Arrived",
		waiting: "Waiting",
		givenUp: "Given up",
		arrival: "p50 / p99",
		arrivalHint: "From its creation to its arrival: half of the callbacks, and 99 of 100, took no longer",
		receiver: "Receiver",
		receiverHint: "How long the receiver took to answer: p50 / p99",
		oldest: "Longest wait",
		counted: "Counted since",
		showThese: "Show these",
		thenRetry: (n) => n === 1 ? "Show the one that waits" : `Show the ${n} that wait`,
		when: "When",
		table: {
			DAY: "Callbacks by hour",
			WEEK: "Callbacks by day",
			MONTH: "Callbacks by day"
		}
	},
	settings: {
		title: "Settings",
		levels: {
			project: "Project",
			account: "Account"
		},
		url: "Callback URL of this project",
		accountUrl: "Callback URL of the account",
		urlHints: {
			project: "Empty: callbacks go to the account’s URL.",
			account: "For projects without a URL of their own."
		},
		headers: "Headers",
		headerHints: {
			project: "Sent to this project’s URL only; to the account’s URL they are laid over its own.",
			account: "Sent to the account’s URL only."
		},
		headerName: (n) => `Name of header ${n}`,
		headerValue: (name) => `Value of ${name}`,
		name: "Name",
		value: "Value",
		addHeader: "Add a header",
		removeHeader: (name) => `Remove ${name}`,
		limits: "Limits",
		limitsHint: "How much the receiver can take. A change is obeyed within 4 s.",
		maxInFlight: "At once, at most",
		maxPerSecond: "A second, at most",
		noLimit: "as much as the receiver takes",
		atOnce: (n) => `At most ${n} at once.`,
		perSecond: (n) => `At most ${n} a second.`,
		usedNow: "Used now",
		wouldUse: "Once saved, callbacks go to",
		nowhere: "There is no URL: callbacks have nowhere to go.",
		overridden: "Not used: something goes before it",
		undo: "Undo",
		saved: "Saved.",
		moved: (n) => `Waiting callbacks that go to the new URL: ${n}.`,
		conflict: "Somebody else has saved in between, at",
		theirs: "Theirs",
		yours: "Yours",
		keepMine: "Save mine",
		takeTheirs: "Take theirs",
		locked: {
			project: "You are a Viewer here: Editors and Admins of the account change this, and see the values of headers.",
			account: "Only Admins of the account change this."
		},
		pause: "Pause",
		pauseHint: "Nothing leaves but tests, and nothing is lost, until somebody resumes it",
		resume: "Resume",
		paused: {
			project: "Paused since",
			account: "The whole account is paused since"
		},
		pausedHint: "Nothing leaves but tests; everything is kept."
	},
	test: {
		title: "Test",
		send: "Send test",
		sending: "Sending…",
		hint: "A callback of no event, signed and sent as any other: one attempt, and no notice.",
		noURL: "First say where callbacks go.",
		notYet: "No answer yet: it appears here, and in the history.",
		details: "All about it",
		againIn: (span) => `Again in ${span}`
	},
	diagnosis: {
		title: "Diagnosis",
		run: "Diagnose",
		hint: "Looks at the whole way to the receiver, from where callbacks leave.",
		steps: {
			URL: "URL",
			DNS: "Name",
			ADDRESS: "Address",
			TCP: "Connection",
			TLS: "TLS",
			HTTP: "Answer",
			SIGNATURE: "Wrong signature refused"
		},
		statuses: {
			OK: "All right",
			WARNING: "Warning",
			FAILED: "Failed",
			SKIPPED: "Not looked at"
		},
		daysLeft: (n) => `The certificate is good for ${n} days.`
	},
	secrets: {
		title: "Signing secret",
		copy: (n) => n === 1 ? "Copy" : `Copy no. ${n}`,
		until: "Signs beside the new one until",
		current: "Since",
		rotate: "Rotate…"
	},
	filters: {
		title: "Filters",
		search: "Search by an id",
		placeholder: "/  id, ref, crawl, run…",
		any: "any",
		yes: "yes",
		no: "no",
		more: "More",
		clear: "Clear all filters",
		remove: "Remove",
		today: "Today",
		week: "7 days",
		month: "30 days",
		order: "Sorted by",
		orders: {
			CREATED: "Created",
			FINISHED: "Ended",
			NEXT_ATTEMPT: "Next attempt"
		},
		oldestFirst: "The earliest first",
		names: {
			q: "Search",
			status: "Status",
			event: "Event",
			cause: "Cause",
			created: "When",
			createdAfter: "From",
			createdBefore: "To",
			finishedAfter: "Ended from",
			finishedBefore: "Ended before",
			nextAfter: "Next attempt from",
			nextBefore: "Next attempt before",
			http: "HTTP status",
			host: "Host",
			attempts: "Attempts, at least",
			replay: "A replay",
			crawl: "Crawl",
			run: "Run (uid)",
			job: "Job (uuid)",
			ref: "Ref",
			uid: "Callback (uid)"
		}
	},
	history: {
		title: "History",
		copyLink: "Copy link",
		help: "Keys",
		fresh: (n) => `${n} new`,
		status: "Status",
		event: "Event",
		project: "Project",
		what: "What",
		attempts: "Attempts",
		cause: "Cause",
		next: "Next",
		when: "When",
		in: (span) => `in ${span}`,
		due: "waits for its turn",
		replayOf: "replay of",
		older: "Show older",
		searchedUntil: "Looked through until",
		total: (text, n) => n === 1 ? "1 callback" : `${text} callbacks`,
		noMatch: "No callback matches.",
		noMatchYet: "None so far: “Search further” looks on.",
		noNotices: "No notice yet: one is sent when a callback is given up.",
		nothing: "No callback yet",
		how: [
			"Set the URL of your receiver.",
			"Send a test: it appears here at once.",
			"From then on every crawl, report, run and job that ends makes one."
		],
		states: {
			live: "Live",
			connecting: "Connecting…",
			offline: "Offline: this is how it was",
			ended: "Not live",
			now: "Anew every 30 s"
		},
		further: "Search further",
		most: "1,000 are shown at most: narrow the list."
	},
	detail: {
		phases: {
			dns: "DNS",
			connect: "connect",
			tls: "TLS",
			firstByte: "first byte",
			rest: "rest",
			none: "no phases"
		},
		retry: "Retry now",
		replay: "Replay",
		cancel: "Cancel",
		curl: "Copy as curl",
		graphql: "Copy as GraphQL",
		link: "Copy link",
		goesTo: "goes to",
		givesUp: "gives up by",
		paused: "paused",
		behind: "waits for an earlier one",
		lastAttempts: (n, of) => `The last ${n} of ${of} attempts`,
		request: "Request",
		response: "Answer",
		requestHeaders: "Request headers",
		responseHeaders: "Answer headers",
		moreHeaders: "There were more headers than are kept.",
		reused: "connection reused",
		triggers: {
			FIRST: "first attempt",
			RETRY: "retry",
			REPLAY: "replay",
			TEST: "test"
		},
		pretty: "Pretty",
		raw: "Raw",
		deleted: "Deleted",
		empty: "empty",
		cut: "There was more of it than is kept.",
		original: "replay of",
		replayedAt: "replayed",
		attempt: (n) => `Attempt ${n}`,
		viewer: "You are a Viewer here: Editors and Admins of the account retry, cancel and replay.",
		platforms: "A notice to the partner: the platform and the partner retry and replay it.",
		purged: "What was sent is deleted: it cannot be replayed any more.",
		replayedEnough: "It was replayed three times, which is the most.",
		test: "A test is not replayed: send another one.",
		replayTo: "Replay to…",
		replayToHint: "The same bytes and the same signature, without the configured headers.",
		long: "Not all is shown; what is copied has all."
	},
	csv: {
		title: "CSV",
		hint: (n) => `What the filter lets through as a file, at most ${n} callbacks`,
		stop: "Stop",
		done: (n) => `Exported: ${n}.`,
		cut: (n) => `Exported: ${n}, which is not all. Narrow the list for the rest.`
	},
	bulk: {
		title: "Bulk replay",
		these: "Replay these…",
		statuses: {
			COUNTING: "Counting",
			RUNNING: "Running",
			PAUSED: "Paused",
			CANCELLED: "Cancelled",
			FINISHED: "Finished"
		},
		pause: "Pause",
		resume: "Resume",
		cancel: "Cancel",
		result: (done, of, arrived, failed) => `${done} of ${of} done: ${arrived} arrived, ${failed} given up.`,
		skipped: (n) => `${n} skipped`,
		show: "Show the replays",
		all: "All callbacks",
		earlier: (n) => n === 1 ? "1 earlier bulk replay" : `${n} earlier bulk replays`,
		reasons: {
			TEST: "tests",
			REPLAY: "replays themselves",
			NOT_ENDED: "not ended yet",
			PAYLOAD_PURGED: "payload deleted",
			REPLAYED_ENOUGH: "replayed three times already",
			NOTICE: "notices to the partner",
			NO_CALLBACK_URL: "no URL to go to",
			PROJECT_DELETED: "project deleted",
			UNREADABLE: "headers cannot be read any more",
			PURGED: "gone meanwhile"
		}
	},
	actions: {
		retried: "It is sent now.",
		retryAll: "Retry what waits",
		retryRest: "There are more: press again in a minute, and it goes on with them.",
		retriedAll: (n) => n === 1 ? "1 callback is sent now." : `${n} callbacks are sent now.`,
		cancelled: "Cancelled.",
		replayed: "Replayed: the new one waits above the list."
	},
	project: {
		history: "History",
		settings: "Settings"
	},
	account: { projects: "Projects" }
}, languages = {
	en: "English",
	de: "Deutsch"
};
function preference(name, initial) {
	let key = `ringback.${name}`, stored = null;
	try {
		stored = localStorage.getItem(key);
	} catch {}
	let choice = signal(stored ?? initial), first = !0;
	return effect(() => {
		let value = choice.value;
		if (first) first = !1;
		else try {
			localStorage.setItem(key, value);
		} catch {}
	}), choice;
}
var language = preference("language", navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in languages) ?? "en"), locale = computed(() => navigator.languages.find((tag) => tag.startsWith(language.value)) ?? language.value), texts = signal(en);
async function begin() {
	let load = async (chosen) => {
		let loaded = chosen === "de" ? (await import("./de.js")).de : en;
		language.peek() === chosen && (texts.value = loaded, document.documentElement.lang = chosen);
	};
	await load(language.peek()), language.subscribe((chosen) => void load(chosen));
}
// src/embed/host.ts
var origins = document.querySelector("meta[name=ringback-embed-origins]")?.content.split(" ") ?? [], refused = signal(!1), say = (message) => parent.postMessage(message, "*");
function listenToHost() {
	parent !== window && (addEventListener("message", ({ origin, source, data }) => {
		source === parent && origins.includes(origin) && (data?.type === "ringback:token" && typeof data.token == "string" && take(data.token), data?.type === "ringback:theme" && paint(data));
	}), new ResizeObserver(() => say({
		type: "ringback:height",
		height: Math.ceil(document.body.getBoundingClientRect().height)
	})).observe(document.body), expired.subscribe((ended) => ended && say({ type: "ringback:expired" })), say({ type: "ringback:ready" }));
}
function take(given) {
	let token = given.trim();
	refused.value = !/^rb[st]_/.test(token), !refused.value && token !== credential.peek() && signIn(token);
}
function paint({ scheme, variables }) {
	let { style } = document.documentElement;
	style.colorScheme = typeof scheme == "string" && /^(only )?(light|dark)/.test(scheme) ? scheme : "light";
	for (let [name, value] of Object.entries(variables ?? {})) /^[a-z-]+$/.test(name) && style.setProperty(`--${name}`, String(value));
}
// src/embed/embedded.tsx
function Embedded({ children }) {
	let t = texts.value.embed;
	return /* @__PURE__ */ jsxs("main", {
		id: "main",
		class: "embedded",
		children: [(refused.value || expired.value) && /* @__PURE__ */ jsx("p", {
			class: "note",
			role: "alert",
			children: refused.value ? t.key : t.expired
		}), credential.value ? children : /* @__PURE__ */ jsx("p", {
			role: "status",
			children: parent === window ? t.alone : t.waiting
		})]
	});
}
// src/place.ts
var place = signal({}), here = graphql("fragment Here on Project { id rawID name account { id rawID name timezone role } }");
function useHere(project) {
	useEffect(() => {
		project && (place.value = {
			project,
			account: project.account,
			zone: project.account.timezone,
			role: project.account.role
		});
	}, [project]);
}
// src/theme.ts
var theme = preference("theme", "auto"), followTheme = () => theme.subscribe((chosen) => {
	document.documentElement.style.colorScheme = chosen === "auto" ? "light dark" : chosen;
}), number = (value, language) => new Intl.NumberFormat(language).format(value);
function duration(ms, language) {
	return ms < 1e3 ? `${number(Math.round(ms), language)} ms` : ms < 6e4 ? `${number(Math.round(ms / 100) / 10, language)} s` : span(Math.round(ms / 1e3));
}
function span(seconds) {
	let units = [
		[86400, "d"],
		[3600, "h"],
		[60, "m"],
		[1, "s"]
	], first = units.findIndex(([size]) => seconds >= size);
	if (first < 0) return "0 s";
	let [size, name] = units[first], next = units[first + 1], rest = next && Math.floor(seconds % size / next[0]);
	return `${Math.floor(seconds / size)} ${name}${rest ? ` ${rest} ${next[1]}` : ""}`;
}
var parts = (at, zone) => {
	let found = new Intl.DateTimeFormat("en", {
		timeZone: zone,
		hourCycle: "h23",
		year: "numeric",
		month: "2-digit",
		day: "2-digit",
		hour: "2-digit",
		minute: "2-digit",
		second: "2-digit"
	}).formatToParts(at);
	return Object.fromEntries(found.map(({ type, value }) => [type, value]));
};
function clock(at, zone) {
	let { hour, minute, second } = parts(new Date(at), zone);
	return `${hour}:${minute}:${second}`;
}
var day = (at, zone, language) => new Intl.DateTimeFormat(language, {
	timeZone: zone,
	dateStyle: "full"
}).format(new Date(at)), moment = (at, zone, language) => new Intl.DateTimeFormat(language, {
	timeZone: zone,
	dateStyle: "medium",
	timeStyle: "medium",
	hourCycle: "h23"
}).format(new Date(at));
function toField(at, zone) {
	if (!at || Number.isNaN(Date.parse(at))) return "";
	let { year, month, day: date, hour, minute } = parts(new Date(at), zone);
	return `${year}-${month}-${date}T${hour}:${minute}`;
}
function fromField(text, zone) {
	if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text)) return "";
	let wanted = Date.parse(`${text}:00Z`);
	if (Number.isNaN(wanted)) return "";
	let at = wanted;
	for (let turn = 0; turn < 2; turn++) at += wanted - Date.parse(`${toField(new Date(at).toISOString(), zone)}:00Z`);
	return new Date(at).toISOString();
}
var startOfDay = (now, zone, daysAgo = 0) => fromField(`${toField((/* @__PURE__ */ new Date(now.getTime() - daysAgo * 864e5)).toISOString(), zone).slice(0, 10)}T00:00`, zone);
function prettyJSON(text) {
	try {
		JSON.parse(text);
	} catch {
		return null;
	}
	let depth = 0, line = () => `\n${"  ".repeat(depth)}`;
	return text.trim().replace(/"(?:[^"\\]|\\.)*"|\s+|[{[](\s*)[}\]]|[{}[\],:]/g, (token) => token[0] === "\"" ? token : /^\s/.test(token) ? "" : token.length > 1 ? token.replace(/\s/g, "") : token === "{" || token === "[" ? (depth++, token + line()) : token === "}" || token === "]" ? (depth--, line() + token) : token === "," ? token + line() : ": ");
}
var formFields = (text) => [...new URLSearchParams(text)], quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
function curl(url, headers, body) {
	return [
		`curl -i ${/[[\]{}]/.test(url) ? "-g " : ""}${quoted(url)}`,
		...headers.map(({ name, value }) => `-H ${quoted(`${name}: ${value}`)}`),
		`--data-binary ${quoted(body)}`
	].join(" \\\n  ");
}
var sentences = (...texts) => texts.map((text) => (/^[\w.]+: /.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1)) + (/[.!?…]$/.test(text) ? "" : ".")).join(" "), nameOf = (who) => isolated([who.firstName, who.lastName].filter(Boolean).join(" ") || who.username), isolated = (name) => /[\u202a-\u202e\u2066-\u2069]/.test(name) ? `\u2068${name}\u2069` : name, randomKey = () => Array.from(crypto.getRandomValues(/* @__PURE__ */ new Uint32Array(4)), (part) => part.toString(36)).join("-"), query = graphql("query Viewer { viewer { user { id firstName lastName username } project { id } ssoClient { id } permission } }"), viewer = signal(void 0), viewerName = computed(() => viewer.value && (viewer.value.user ? nameOf(viewer.value.user) : texts.value.menu.key)), isPlatform = computed(() => isKey(credential.value) && viewer.value && !viewer.value.project && !viewer.value.ssoClient);
effect(() => {
	let asking = credential.value;
	viewer.value = void 0, asking && ask(query, {}).then((answer) => {
		asking === credential.peek() && (viewer.value = answer.viewer);
	}, () => void 0);
});
// src/parts/brand.tsx
var icon = document.querySelector("link[rel=icon]")?.href;
function Brand() {
	return /* @__PURE__ */ jsxs(Fragment, { children: [/* @__PURE__ */ jsx("img", {
		src: icon,
		alt: "",
		width: "20",
		height: "20"
	}), "Ringback"] });
}
// src/parts/controls.tsx
function Choice({ label, value, options }) {
	let id = useId();
	return /* @__PURE__ */ jsxs("p", {
		class: "choice",
		children: [/* @__PURE__ */ jsx("label", {
			for: id,
			children: label
		}), /* @__PURE__ */ jsx("select", {
			id,
			value: value.value,
			onChange: (event) => value.value = event.currentTarget.value,
			children: Object.entries(options).map(([name, text]) => /* @__PURE__ */ jsx("option", {
				value: name,
				selected: name === value.value,
				children: text
			}, name))
		})]
	});
}
function Field({ label, hint, problem, warning, children }) {
	let id = useId();
	return /* @__PURE__ */ jsxs("div", {
		class: "field",
		children: [
			/* @__PURE__ */ jsx("label", {
				for: id,
				children: label
			}),
			children({
				id,
				"aria-describedby": `${id}-hint`,
				"aria-invalid": !!problem
			}),
			/* @__PURE__ */ jsxs("div", {
				id: `${id}-hint`,
				class: "hint",
				"aria-live": "polite",
				children: [
					problem && /* @__PURE__ */ jsxs("span", {
						class: "bad",
						children: [
							"✕ ",
							problem,
							" "
						]
					}),
					!problem && warning && /* @__PURE__ */ jsxs("span", {
						class: "wait",
						children: [
							"▲ ",
							warning,
							" "
						]
					}),
					hint
				]
			})
		]
	});
}
function Dialog({ title, onClose, children }) {
	let dialog = useRef(null), id = useId();
	return useEffect(() => {
		let before = document.activeElement, shown = dialog.current;
		return shown.showModal(), embedded && (shown.style.cssText = `position: absolute; margin-top: ${Math.min(before.getBoundingClientRect().top, innerHeight - shown.offsetHeight - 8)}px`, shown.scrollIntoView({ block: "center" })), () => {
			shown.close(), before.focus();
		};
	}, []), /* @__PURE__ */ jsxs("dialog", {
		ref: dialog,
		"aria-labelledby": id,
		onCancel: (event) => {
			event.preventDefault(), onClose?.();
		},
		children: [/* @__PURE__ */ jsxs("h2", {
			id,
			children: [title, onClose && /* @__PURE__ */ jsx("button", {
				type: "button",
				class: "quiet end",
				"aria-label": texts.value.close,
				onClick: onClose,
				children: "✕"
			})]
		}), children]
	});
}
var Answers = ({ close, children }) => /* @__PURE__ */ jsxs("p", {
	class: "row",
	children: [children, /* @__PURE__ */ jsx("button", {
		type: "button",
		onClick: close,
		children: texts.value.cancel
	})]
});
async function copy(text) {
	try {
		return await navigator.clipboard.writeText(text), !0;
	} catch {}
	let before = document.activeElement, area = document.createElement("textarea");
	area.value = text, (document.querySelector("dialog[open]") ?? document.body).append(area), area.select();
	let done = document.execCommand("copy");
	return area.remove(), before.focus(), done;
}
function CopyButton({ text, label, quiet }) {
	let done = useSignal(!1), refused = useSignal(""), t = texts.value;
	return /* @__PURE__ */ jsxs(Fragment, { children: [/* @__PURE__ */ jsx("button", {
		type: "button",
		class: quiet ? "link" : void 0,
		onClick: async () => {
			let wanted = typeof text == "string" ? text : await text();
			if (!await copy(wanted)) return void (refused.value = wanted);
			done.value = !0, setTimeout(() => done.value = !1, 2e3);
		},
		children: /* @__PURE__ */ jsx("span", {
			"aria-live": "polite",
			children: done.value ? `✓ ${t.copied}` : label ?? t.copy
		})
	}), refused.value && /* @__PURE__ */ jsx(Dialog, {
		title: t.byHand,
		onClose: () => refused.value = "",
		children: /* @__PURE__ */ jsx("textarea", {
			readOnly: !0,
			rows: 6,
			"aria-label": t.byHand,
			value: refused.value,
			ref: (area) => area?.select()
		})
	})] });
}
// src/parts/header.tsx
var endSession = graphql("mutation SignOut { deleteSession { token } }");
async function signOut() {
	isKey(credential.peek()) || await ask(endSession, {}).catch(() => void 0), forget(), place.value = {}, go("/console", !0);
}
var sections = {
	account: "callbacks",
	users: "users",
	project: "callbacks",
	runs: "runs",
	run: "runs",
	schedule: "runs",
	jobs: "jobs",
	job: "jobs"
};
function Header({ route }) {
	let t = texts.value, { account, project, zone, role } = place.value;
	return useEffect(() => {
		document.title = [project?.name ?? account?.name, "Ringback"].filter(Boolean).join(" · ");
	}, [project?.name, account?.name]), /* @__PURE__ */ jsxs("header", { children: [
		/* @__PURE__ */ jsx("a", {
			class: "brand",
			href: "/console",
			children: /* @__PURE__ */ jsx(Brand, {})
		}),
		/* @__PURE__ */ jsxs("nav", {
			class: "crumb",
			"aria-label": t.nav.where,
			children: [account && /* @__PURE__ */ jsx("a", {
				href: `/console/accounts/${account.rawID}`,
				children: account.name
			}), project && /* @__PURE__ */ jsxs(Fragment, { children: [/* @__PURE__ */ jsx("span", {
				"aria-hidden": "true",
				children: "/"
			}), /* @__PURE__ */ jsx("a", {
				href: `/console/projects/${project.rawID}`,
				"aria-current": route.part ? void 0 : "page",
				children: project.name
			})] })]
		}),
		account && /* @__PURE__ */ jsx("nav", {
			class: "sections",
			"aria-label": t.nav.sections,
			children: (project ? [
				"callbacks",
				"runs",
				"jobs"
			] : ["callbacks", "users"]).map((name) => /* @__PURE__ */ jsx("a", {
				href: `/console/${project ? `projects/${project.rawID}` : `accounts/${account.rawID}`}${name === "callbacks" ? "" : `/${name}`}`,
				"aria-current": sections[route.page] === name ? "page" : void 0,
				children: t.nav[name]
			}, name))
		}),
		/* @__PURE__ */ jsxs("span", {
			class: "end",
			children: [zone && /* @__PURE__ */ jsx("span", {
				class: "wide",
				children: zone
			}), /* @__PURE__ */ jsxs("button", {
				type: "button",
				class: "quiet",
				popovertarget: "menu",
				children: [
					/* @__PURE__ */ jsxs("span", {
						class: "unseen",
						children: [t.menu.title, ": "]
					}),
					/* @__PURE__ */ jsx("bdi", { children: viewerName.value ?? "…" }),
					role && /* @__PURE__ */ jsxs("span", {
						class: "wide",
						children: [" · ", t.roles[role]]
					}),
					" ",
					/* @__PURE__ */ jsx("span", {
						"aria-hidden": "true",
						children: "▾"
					})
				]
			})]
		}),
		/* @__PURE__ */ jsxs("div", {
			id: "menu",
			popover: "auto",
			class: "menu",
			children: [
				/* @__PURE__ */ jsx(Choice, {
					label: t.menu.language,
					value: language,
					options: languages
				}),
				/* @__PURE__ */ jsx(Choice, {
					label: t.menu.theme,
					value: theme,
					options: t.menu.themes
				}),
				isPlatform.value && /* @__PURE__ */ jsx("a", {
					href: "/console/admin",
					children: t.menu.admin
				}),
				viewer.value?.ssoClient && /* @__PURE__ */ jsx("a", {
					href: "/console/partners",
					children: t.menu.partner
				}),
				/* @__PURE__ */ jsx("a", {
					href: "/explorer",
					target: "_blank",
					rel: "noopener",
					children: t.menu.explorer
				}),
				/* @__PURE__ */ jsx("button", {
					type: "button",
					onClick: () => void signOut(),
					children: t.menu.signOut
				})
			]
		})
	] });
}
// src/parts/state.tsx
function Loading({ rows = 3 }) {
	return /* @__PURE__ */ jsx("div", {
		class: "skeleton",
		role: "status",
		"aria-label": texts.value.loading,
		children: Array.from({ length: rows }, (_, row) => /* @__PURE__ */ jsx("i", {}, row))
	});
}
function sentence(failure) {
	let { embed, failures } = texts.value;
	return (embedded && failure.code === "ENTITY_NOT_FOUND" ? embed.other : failures[failure.code]) ?? sentences(...failure.problems.map(({ message }) => message.replace(/ The next may be at .*/, "")));
}
function Failed({ failure, again }) {
	let t = texts.value;
	return /* @__PURE__ */ jsxs("div", {
		class: "failed",
		role: "alert",
		children: [
			/* @__PURE__ */ jsxs("p", { children: [/* @__PURE__ */ jsx("b", {
				"aria-hidden": "true",
				children: "✕ "
			}), sentence(failure)] }),
			failure.requestId && /* @__PURE__ */ jsxs("p", {
				class: "hint",
				children: [
					t.requestId,
					" ",
					/* @__PURE__ */ jsx("code", { children: failure.requestId })
				]
			}),
			again && /* @__PURE__ */ jsx("button", {
				type: "button",
				onClick: again,
				children: t.retry
			})
		]
	});
}
function Loaded({ of, rows, children }) {
	let data = of.data.value, failure = of.failure.value;
	return /* @__PURE__ */ jsxs(Fragment, { children: [failure && /* @__PURE__ */ jsx(Failed, {
		failure,
		again: of.again
	}), data ? children(data) : !failure && /* @__PURE__ */ jsx(Loading, { rows })] });
}
// src/parts/later.tsx
var reload = () => location.reload();
function later(load) {
	let part = signal(void 0);
	return (props) => {
		let failure = useSignal(void 0);
		useEffect(() => {
			load().then((loaded) => part.value = loaded, () => fetch("/console").then(({ ok }) => failure.value = ok ? new Failure([{
				code: "NEW_VERSION",
				message: ""
			}]) : offline(), () => {
				failure.value = offline(), addEventListener("online", reload, { once: !0 });
			}));
		}, []);
		let Part = part.value;
		return failure.value ? /* @__PURE__ */ jsx(Failed, {
			failure: failure.value,
			again: reload
		}) : Part ? /* @__PURE__ */ jsx(Part, { ...props }) : /* @__PURE__ */ jsx(Loading, {});
	};
}
// src/app.tsx
var pages = {
	home: later(async () => (await import("./home.js")).Home),
	users: later(async () => (await import("./users.js")).Users),
	account: later(async () => (await import("./account.js")).Account),
	project: later(async () => (await import("./project.js")).Project),
	runs: later(async () => (await import("./runs.js")).Runs),
	run: later(async () => (await import("./runs.js")).Run),
	schedule: later(async () => (await import("./schedule.js")).Schedule),
	jobs: later(async () => (await import("./jobs.js")).Jobs),
	job: later(async () => (await import("./jobs.js")).Job),
	admin: later(async () => (await import("./admin.js")).Admin),
	partner: later(async () => (await import("./partner.js")).Partner),
	partners: later(async () => (await import("./partner.js")).OwnPartner),
	nothing: later(async () => (await import("./nothing.js")).Nothing)
}, SignIn = later(async () => (await import("./signin.js")).SignIn), SignInAgain = later(async () => (await import("./signin.js")).SignInAgain), SignInInstead = later(async () => (await import("./signin.js")).SignInInstead);
function App() {
	let route = routeOf(address.value), Page = pages[route.page], heading = place.value.project?.name ?? place.value.account?.name, page = /* @__PURE__ */ jsxs(Fragment, { children: [(route.project || route.account || route.page.startsWith("partner")) && /* @__PURE__ */ jsx("h1", {
		class: "unseen",
		children: heading ?? "Ringback"
	}), /* @__PURE__ */ jsx(Page, { route }, `${route.page} ${route.account} ${route.project} ${route.item}`)] });
	return embedded ? /* @__PURE__ */ jsx(Embedded, { children: page }) : credential.value ? /* @__PURE__ */ jsxs(Fragment, { children: [
		/* @__PURE__ */ jsx("a", {
			class: "skip",
			href: "#main",
			children: texts.value.skip
		}),
		/* @__PURE__ */ jsx(Header, { route }),
		/* @__PURE__ */ jsx("main", {
			id: "main",
			tabIndex: -1,
			children: page
		}),
		offeredCode.value ? /* @__PURE__ */ jsx(SignInInstead, {}) : expired.value && /* @__PURE__ */ jsx(SignInAgain, {})
	] }) : /* @__PURE__ */ jsx(SignIn, {});
}
followTheme(), listen(), await Promise.all([begin(), embedded || takeCode()]), embedded || addEventListener("hashchange", () => void takeCode());
var root = document.getElementById("app");
root.replaceChildren(), render(/* @__PURE__ */ jsx(App, {}), root), embedded && listenToHost();
// src/parts/ask.ts
function useAsk(document, variables, round = 0) {
	let data = useSignal(void 0), failure = useSignal(void 0), busy = useSignal(!0), turn = useSignal(0), key = JSON.stringify(variables);
	useEffect(() => {
		if (!variables) return;
		let current = !0;
		return busy.value = !0, ask(document, variables).then((answer) => {
			current && (data.value = answer, failure.value = void 0);
		}).catch((reason) => {
			if (!(reason instanceof Failure)) throw reason;
			current && (failure.value = reason);
		}).finally(() => {
			current && (busy.value = !1);
		}), () => {
			current = !1;
		};
	}, [
		key,
		round,
		turn.value,
		renewed.value
	]);
	let away = failure.value?.code === "OFFLINE";
	return useEffect(() => {
		let again = () => void turn.value++;
		return away && addEventListener("online", again), () => removeEventListener("online", again);
	}, [away]), {
		data,
		failure,
		busy,
		again: () => turn.value++
	};
}
function useEvery(ms, goesOn, again) {
	useEffect(() => {
		if (!goesOn) return;
		let timer = setInterval(() => document.hidden || again(), ms);
		return () => clearInterval(timer);
	}, [ms, goesOn]);
}
function useSeen(again) {
	useEffect(() => {
		let seen = () => document.hidden || again();
		return addEventListener("focus", seen), document.addEventListener("visibilitychange", seen), () => {
			removeEventListener("focus", seen), document.removeEventListener("visibilitychange", seen);
		};
	}, []);
}
function useAct() {
	let busy = useSignal(!1), failure = useSignal(void 0);
	return {
		busy,
		failure,
		act: async (work) => {
			if (!busy.peek()) {
				busy.value = !0, failure.value = void 0;
				try {
					return await work();
				} catch (reason) {
					if (!(reason instanceof Failure)) throw reason;
					failure.value = reason;
					return;
				} finally {
					busy.value = !1;
				}
			}
		}
	};
}
// src/parts/time.tsx
var zone = () => place.value.zone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
function Time({ at, whole }) {
	return /* @__PURE__ */ jsx("time", {
		dateTime: at,
		title: `${at.replace("T", " ").replace(/(\.\d+)?Z$/, "")} UTC · ${moment(at, zone(), locale.value)} ${zone()}`,
		children: whole ? moment(at, zone(), locale.value) : clock(at, zone())
	});
}
var now = signal(Date.now()), watching = 0, timer;
function useNow() {
	return useEffect(() => (now.value = Date.now(), watching++ === 0 && (timer = setInterval(() => now.value = Date.now(), 1e3)), () => {
		--watching === 0 && clearInterval(timer);
	}), []), now.value;
}
function Until({ at, text, due }) {
	let seconds = Math.max(0, Math.ceil((Date.parse(at) - useNow()) / 1e3));
	return /* @__PURE__ */ jsx("time", {
		dateTime: at,
		title: moment(at, zone(), locale.value),
		children: seconds || !due ? text(span(seconds)) : due
	});
}
function Since({ at }) {
	return /* @__PURE__ */ jsx(Fragment, { children: span(Math.max(0, Math.floor((useNow() - Date.parse(at)) / 1e3))) });
}
// src/parts/word.tsx
var health = {
	HEALTHY: ["ok", "✓"],
	FAILING: ["bad", "▲"],
	PAUSED: ["wait", "‖"],
	NEVER_USED: ["plain", "–"],
	NOTHING: ["plain", "–"]
}, statuses = {
	PENDING: ["wait", "◷"],
	PAUSED: ["wait", "‖"],
	RUNNING: ["plain", "•"],
	SUCCESS: ["ok", "✓"],
	FAILED: ["bad", "✕"],
	CANCELLED: ["plain", "–"]
};
function Tag({ kind, sign, title, children }) {
	return /* @__PURE__ */ jsxs("span", {
		class: `tag ${kind}`,
		title,
		children: [sign && /* @__PURE__ */ jsx("span", {
			"aria-hidden": "true",
			children: sign
		}), children]
	});
}
function HealthWord({ status, small }) {
	let [kind, sign] = health[status], word = texts.value.health.words[status];
	return small ? /* @__PURE__ */ jsx(Tag, {
		kind,
		sign,
		title: status,
		children: word
	}) : /* @__PURE__ */ jsxs("div", {
		class: `word ${kind}`,
		title: status,
		children: [
			/* @__PURE__ */ jsx("span", {
				"aria-hidden": "true",
				children: sign
			}),
			" ",
			word
		]
	});
}
function StatusTag({ of }) {
	let shown = of.heldByPause ? "PAUSED" : of.error?.code === "CANCELLED" && of.status === "FAILED" ? "CANCELLED" : of.status, [kind, sign] = statuses[shown];
	return /* @__PURE__ */ jsx(Tag, {
		kind,
		sign,
		title: of.status,
		children: texts.value.statuses[shown]
	});
}
var Remedy = ({ of }) => /* @__PURE__ */ jsx("b", { children: of?.split("`").map((part, place) => place % 2 ? /* @__PURE__ */ jsx("code", { children: part }, place) : part) });
function Source({ of }) {
	return /* @__PURE__ */ jsx("span", {
		class: "source",
		children: texts.value.sources[of]
	});
}
var cause = ({ error, httpStatus }) => error ? error.code === "HTTP_STATUS" && httpStatus ? `HTTP ${httpStatus}` : error.code : "";
function Outcome({ of }) {
	return of.durationMs === null ? /* @__PURE__ */ jsx(Tag, {
		kind: "plain",
		sign: "•",
		children: texts.value.statuses.RUNNING
	}) : /* @__PURE__ */ jsxs(Tag, {
		kind: of.error ? "bad" : "ok",
		sign: of.error ? "✕" : "✓",
		children: [
			cause(of) || `HTTP ${of.httpStatus}`,
			" · ",
			duration(of.durationMs, locale.value)
		]
	});
}
function Phases({ of, most }) {
	let t = texts.value.detail.phases, { dnsMs = 0, connectMs = 0, tlsMs = 0, firstByteMs = 0 } = of.timings ?? {}, list = [
		[t.dns, dnsMs],
		[t.connect, connectMs],
		[t.tls, tlsMs],
		[t.firstByte, firstByteMs],
		[t.rest, Math.max(0, (of.durationMs ?? 0) - dnsMs - connectMs - tlsMs - firstByteMs)]
	], text = list.filter(([, ms]) => ms >= .5).map(([name, ms]) => `${name} ${duration(ms, locale.value)}`).join(", "), x = 0;
	return /* @__PURE__ */ jsxs("svg", {
		class: "phases",
		role: "img",
		"aria-label": text || t.none,
		viewBox: "0 0 1000 10",
		preserveAspectRatio: "none",
		children: [/* @__PURE__ */ jsx("title", { children: text || t.none }), list.map(([name, ms], place) => {
			let width = ms / Math.max(most, 1) * 1e3;
			return x += width, width > 0 && /* @__PURE__ */ jsx("rect", {
				class: `p${place}`,
				x: x - width,
				width: Math.max(width, 2),
				height: "10"
			}, name);
		})]
	});
}
// src/parts/owner.ts
var ownerInput = ({ kind, id }) => kind === "project" ? { projectId: id } : { accountId: id }, roots = {
	project: "getProject",
	account: "getAccount",
	ssoClient: "getSSOClient"
}, listOwnerInput = (owner) => owner.kind === "ssoClient" ? { ssoClientId: owner.id } : ownerInput(owner), of = (document, { kind }) => document.replace("getProject", roots[kind]), pause = 2e3;
function useTurn() {
	let turn = useSignal(0), timer = useRef(void 0), again = useRef(!1);
	useEffect(() => () => clearTimeout(timer.current), []);
	let next = () => {
		timer.current ? again.current = !0 : (turn.value++, timer.current = setTimeout(() => {
			timer.current = void 0, again.current && (again.current = !1, next());
		}, pause));
	};
	return {
		turn: turn.value,
		next
	};
}
// src/settings/role.ts
var mayChange = (kind, role) => role === "Admin" || kind === "project" && (role === "Editor" || !!(viewer.value?.project && viewer.value.permission !== "READ")), mayResend = (role) => mayChange("project", role) || !!(viewer.value?.ssoClient && viewer.value.permission !== "READ");
// src/parts/inview.ts
function useInView(answer) {
	let part = useRef(null);
	return useEffect(() => {
		answer && part.current?.scrollIntoView({ block: "nearest" });
	}, [answer]), part;
}
export { texts as $, Dialog as A, fromField as B, useSeen as C, Loading as D, Loaded as E, viewerName as F, randomKey as G, nameOf as H, curl as I, toField as J, sentences as K, day as L, Brand as M, isPlatform as N, Answers as O, viewer as P, locale as Q, duration as R, useEvery as S, Failed as T, number as U, moment as V, prettyJSON as W, place as X, here as Y, useHere as Z, Time as _, isKey as _t, listOwnerInput as a, graphql as at, useAct as b, HealthWord as c, Failure as ct, Remedy as d, parameters as dt, en as et, Source as f, withParameters as ft, Since as g, forget as gt, cause as h, expired as ht, useTurn as i, signInByCode as it, Field as j, CopyButton as k, Outcome as l, go as lt, Tag as m, embedded as mt, mayChange as n, offeredCode as nt, of as o, ask as ot, StatusTag as p, credential as pt, startOfDay as q, mayResend as r, refusedCode as rt, ownerInput as s, follow as st, useInView as t, codeIn as tt, Phases as u, link as ut, Until as v, renewed as vt, later as w, useAsk as x, zone as y, signIn as yt, formFields as z };
