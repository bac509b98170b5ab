import { useSignal } from '@preact/signals';
import { ask } from '../api/client.ts';
import { graphql, type Answer } from '../api/graphql.ts';
import { useAct, useEvery } from '../parts/ask.ts';
import { sentences } from '../parts/format.ts';
import { useInView } from '../parts/inview.ts';
import { Failed } from '../parts/state.tsx';
import { Until } from '../parts/time.tsx';
import { Outcome, Phases, Remedy } from '../parts/word.tsx';
import { withParameters } from '../route.ts';
import { texts } from '../texts/texts.ts';

const tried = graphql(`
  fragment Tried on Attempt {
    httpStatus durationMs error { code message } remedy responseBody
    timings { dnsMs connectMs tlsMs firstByteMs }
  }
`);
const send = graphql(
  `mutation SendTest($input: SendTestCallbackInput!) {
    sendTestCallback(input: $input) { callback { uid targetUrl } attempt { ...Tried } }
  }`,
  [tried],
);
const look = graphql(`query Test($uid: ID!) { getCallback(uid: $uid) { finishedAt attempts(last: 1) { nodes { ...Tried } } } }`, [tried]);

/** SendTest sends a test, and shows what came back in place. */
export function SendTest({ projectId, ready, stirred }: { projectId: string; ready: boolean; stirred: () => void }) {
  const t = texts.value.test;
  const result = useSignal<Answer<typeof send>['sendTestCallback'] | undefined>(undefined);
  const { busy, failure, act } = useAct();
  const attempt = result.value?.attempt;
  const section = useInView(result.value);
  const run = () =>
    act(async () => {
      result.value = undefined;
      result.value = (await ask(send, { input: { projectId } })).sendTestCallback;
      stirred();
    });
  // A slow receiver answers after the server has.
  useEvery(2000, Boolean(result.value && !attempt), () => {
    const sent = result.peek()!;
    void ask(look, { uid: sent.callback.uid }).then(
      ({ getCallback: now }) => {
        if (now?.finishedAt && result.peek() === sent) result.value = { ...sent, attempt: now.attempts.nodes[0]! };
      },
      () => undefined, // it is looked again
    );
  });
  return (
    <section ref={section} aria-labelledby="test">
      <h2 id="test">
        {t.title}
        <span class="end">
          <button type="button" data-key="t" disabled={!ready} aria-disabled={busy.value} onClick={() => void run()}>
            {busy.value ? t.sending : t.send}
          </button>
        </span>
      </h2>
      {!ready && <p class="hint">{t.noURL}</p>}
      <div aria-live="polite">
        {failure.value && <Failed failure={failure.value} />}
        {failure.value?.retryAt && <Until at={failure.value.retryAt} text={t.againIn} />}
        {result.value && (
          <>
            {attempt ? (
              <>
                <p class="row">
                  <Outcome of={attempt} />
                  <code>{result.value.callback.targetUrl}</code>
                </p>
                <Phases of={attempt} most={attempt.durationMs ?? 0} />
                {attempt.error && (
                  <p>
                    {sentences(attempt.error.message)} <Remedy of={attempt.remedy} />
                  </p>
                )}
                {attempt.responseBody && <pre tabIndex={0}>{attempt.responseBody.slice(0, 500)}</pre>}
              </>
            ) : (
              <p>{t.notYet}</p>
            )}
            <a href={withParameters({ callback: result.value.callback.uid })}>{t.details}</a>
          </>
        )}
        {ready && !result.value && !failure.value && !busy.value && <p class="hint">{t.hint}</p>}
      </div>
    </section>
  );
}
