import { Z as texts$1 } from "./shared.js";
import { computed } from "@preact/signals";
// src/texts/dialogs.ts
var dialogs = {
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
