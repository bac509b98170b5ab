import { $ as texts$1 } from "./shared.js";
import { computed } from "@preact/signals";
// src/texts/dialogs.ts
var dialogs = {
	signIn: {
		title: "Sign in",
		again: "Your session has ended",
		againHint: "Sign in again: what you have typed stays as it is.",
		instead: "Sign in by this link?",
		insteadOf: (name) => `You are signed in as ${name}.`,
		insteadHint: "The link signs in whom it was made for: go on only if that is you.",
		secret: "Sign-in link, session token or key",
		hint: "A session token begins with rbs_, the secret of a user key with rbk_. A link is good once: the server prints one at each start on the embedded default, and ringback login-link makes another.",
		keyId: "Id of the user key",
		submit: "Sign in",
		wrong: "Not accepted: it is wrong, was used before, or has expired.",
		wrongKey: "The id or the secret of the key is wrong.",
		privacy: "Stays in this tab until you sign out or close it."
	},
	replayThese: {
		counting: (n) => `Counting: ${n} so far.`,
		would: (text, n) => n === 1 ? "1 callback is sent once more." : `${text} callbacks are sent once more.`,
		matched: (n) => `${n} match.`,
		to: "They go to",
		toEach: "Each goes where callbacks of its project go now.",
		hint: "What is created from now on is not among them. It goes on without this page, and can be paused and cancelled.",
		confirm: (n) => `Replay ${n}`
	},
	rotation: {
		title: "Rotate the signing secret",
		hint: "A new secret signs from now on. The old one signs beside it for a while, so that the receiver can be changed without losing anything.",
		overlap: "The old one signs for",
		overlaps: {
			"0s": "no longer: at once",
			"1h": "1 hour",
			"24h": "24 hours",
			"168h": "7 days",
			"720h": "30 days"
		},
		now: "Rotate"
	},
	keys: {
		title: "Keys",
		list: {
			j: "Next callback",
			k: "Previous callback",
			Enter: "Open or close it",
			r: "Retry or replay it",
			"/": "Search",
			t: "Send a test",
			Esc: "Close",
			"?": "These keys"
		}
	}
}, texts = computed(() => ({
	...dialogs,
	...texts$1.value
}));
export { texts as t };
