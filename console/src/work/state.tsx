import { Tag, type Kind } from '../parts/word.tsx';
import { texts } from '../texts/work.ts';

const states: [Kind, string, string][] = [
  ['ok', '✓', 'SUCCEEDED COMPLETED ACTIVE'],
  ['bad', '✕', 'FAILED INVALID BLOCKED EXPIRED'],
  ['wait', '◷', 'SCHEDULED QUEUED PARTIAL_SUCCEEDED'],
  ['wait', '‖', 'PAUSED CREATED SUSPENDED'],
  ['plain', '•', 'RUNNING IN_PROGRESS'],
];

/** StateTag says how far a run, a job or a schedule is. */
export function StateTag({ of }: { of: keyof typeof texts.value.states }) {
  const [kind, sign] = states.find(([, , all]) => all.split(' ').includes(of)) ?? ['plain', '–'];
  return (
    <Tag kind={kind as Kind} sign={sign} title={of}>
      {texts.value.states[of]}
    </Tag>
  );
}
