import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { ask, follow } from '../api/client.ts';
import { graphql, type Answer } from '../api/graphql.ts';
import { useAct } from '../parts/ask.ts';
import { duration, sentences } from '../parts/format.ts';
import { useInView } from '../parts/inview.ts';
import { Failed } from '../parts/state.tsx';
import { Until } from '../parts/time.tsx';
import { Remedy } from '../parts/word.tsx';
import { locale, texts } from '../texts/texts.ts';

const fields = graphql(`
  fragment DiagnosisFields on Diagnosis {
    id url status
    steps { name status durationMs detail remedy addresses { address verdict } tls { version chain { subject issuer notAfter daysLeft } } }
  }
`);
const begin = graphql(`mutation Diagnose($input: DiagnoseReceiverInput!) { diagnoseReceiver(input: $input) { diagnosis { ...DiagnosisFields } } }`, [fields]);
const progress = graphql(`subscription Progress($input: DiagnosisProgressInput!) { diagnosisProgress(input: $input) { ...DiagnosisFields } }`, [fields]);
const read = graphql(`query Diagnosis($id: ObjectID!) { getDiagnosis(id: $id) { ...DiagnosisFields } }`, [fields]);

const names = ['URL', 'DNS', 'ADDRESS', 'TCP', 'TLS', 'HTTP', 'SIGNATURE'] as const;
const signs = { OK: ['ok', '✓'], WARNING: ['wait', '▲'], FAILED: ['bad', '✕'], SKIPPED: ['soft', '–'] } as const;

/** Diagnosis looks at the whole way to the receiver; the steps appear one by one, each with what to do about it. */
export function Diagnosis({ projectId, ready }: { projectId: string; ready: boolean }) {
  const t = texts.value.diagnosis;
  const shown = useSignal<Answer<typeof fields> | undefined>(undefined);
  const stop = useRef<(() => void) | undefined>(undefined);
  const { busy, failure, act } = useAct();
  useEffect(() => () => stop.current?.(), []);
  const section = useInView(shown.value);
  const run = () =>
    act(async () => {
      stop.current?.();
      const { diagnosis } = (await ask(begin, { input: { projectId, checkSignature: true, wait: false } })).diagnoseReceiver;
      shown.value = diagnosis;
      stop.current = follow(
        progress,
        { input: { diagnosisId: diagnosis.id } },
        (data) => (shown.value = data.diagnosisProgress),
        async () => {
          // The stream may end before the diagnosis does: what came of it can be read all the same.
          if (shown.peek()?.status !== 'RUNNING') return;
          const { getDiagnosis } = await ask(read, { id: diagnosis.id }).catch(() => ({ getDiagnosis: null }));
          if (getDiagnosis) shown.value = getDiagnosis;
        },
      );
    });
  const found = shown.value;
  const running = busy.value || found?.status === 'RUNNING';
  return (
    <section ref={section} aria-labelledby="diagnosis">
      <h2 id="diagnosis">
        {t.title}
        {found && <small>{new URL(found.url).host}</small>}
        <span class="end">
          <button type="button" disabled={!ready} aria-disabled={running} onClick={() => running || void run()}>
            {t.run}
          </button>
        </span>
      </h2>
      {failure.value && <Failed failure={failure.value} />}
      {failure.value?.retryAt && <Until at={failure.value.retryAt} text={texts.value.test.againIn} />}
      {!found && !failure.value && <p class="hint">{t.hint}</p>}
      {found && (
        <ol class="steps" aria-live="polite" aria-busy={running}>
          {names.map((name) => {
            const step = found.steps.find((one) => one.name === name);
            const [kind, sign] = step ? signs[step.status] : (['soft', running ? '…' : '–'] as const);
            const certificate = step?.tls?.chain[0];
            return (
              <li key={name}>
                <span class={kind} aria-hidden="true">
                  {sign}
                </span>
                <div class={step ? '' : 'soft'}>
                  <b>{t.steps[name]}</b>
                  {step && <span class="unseen"> {t.statuses[step.status]}</span>}
                  {step && step.status !== 'SKIPPED' && <div class="hint">{sentences(step.detail)}</div>}
                  {step?.status === 'SKIPPED' && <div class="hint">{t.statuses.SKIPPED}</div>}
                  {certificate && step.status === 'OK' && <div class="hint">{t.daysLeft(certificate.daysLeft)}</div>}
                  {step?.remedy && <div><Remedy of={step.remedy} /></div>}
                </div>
                <span class="soft">{step && step.durationMs > 0 && duration(step.durationMs, locale.value)}</span>
              </li>
            );
          })}
        </ol>
      )}
    </section>
  );
}
