import { useSignal } from '@preact/signals';
import { ask } from '../api/client.ts';
import { graphql } from '../api/graphql.ts';
import { useAct } from '../parts/ask.ts';
import { Answers, Dialog } from '../parts/controls.tsx';
import { Failed } from '../parts/state.tsx';
import { texts } from '../texts/dialogs.ts';

const rotate = graphql(`mutation Rotate($input: RotateCallbackSigningSecretInput!) { rotateCallbackSigningSecret(input: $input) { callbackSigningSecret { createdAt } } }`);

const overlaps = ['0s', '1h', '24h', '168h', '720h'] as const;

/** Rotate makes another secret, beside which the one before signs for a while. */
export function Rotate({ projectId, close, done }: { projectId: string; close: () => void; done: () => void }) {
  const t = texts.value.rotation;
  const overlap = useSignal<(typeof overlaps)[number]>('24h');
  const { busy, failure, act } = useAct();
  return (
    <Dialog title={t.title} onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void act(async () => {
            await ask(rotate, { input: { projectId, expireOldAfter: overlap.value } });
            done();
            close();
          });
        }}
      >
        <p>{t.hint}</p>
        <fieldset class="field">
          <legend>{t.overlap}</legend>
          {overlaps.map((value) => (
            <label key={value} class="option">
              <input type="radio" name="overlap" checked={overlap.value === value} onChange={() => (overlap.value = value)} /> {t.overlaps[value]}
            </label>
          ))}
        </fieldset>
        {failure.value && <Failed failure={failure.value} />}
        <Answers close={close}>
          <button class="primary" disabled={busy}>
            {t.now}
          </button>
        </Answers>
      </form>
    </Dialog>
  );
}
