import { computed } from '@preact/signals';
import { texts as ofAll } from './texts.ts';

/** What the dialog of a bulk replay says besides, in English: it is loaded with it. */
const replay = {
  replayThese: {
    counting: (n: string) => `Counting: ${n} so far.`,
    would: (text: string, n: number) => (n === 1 ? '1 callback is sent once more.' : `${text} callbacks are sent once more.`),
    matched: (n: string) => `${n} match.`,
    to: 'They go to',
    toEach: 'Each goes where callbacks of its project go now.',
    hint: 'What is created from now on is not among them. It goes on without this page, and can be paused and cancelled.',
    confirm: (n: string) => `Replay ${n}`,
  },
};

export type ReplayTexts = typeof replay;

/** texts are those of all pages and these; another language has these within. */
export const texts = computed(() => ({ ...replay, ...ofAll.value }));
