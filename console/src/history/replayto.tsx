import { useSignal } from '@preact/signals';
import { Answers, Dialog, Field } from '../parts/controls.tsx';
import { Failed } from '../parts/state.tsx';
import { texts } from '../texts/texts.ts';
import type { Act } from './actions.ts';

/** ReplayTo sends a callback to another URL than its own: to look at it elsewhere, say. */
export function ReplayTo({ uid, close, done, act }: { uid: string; close: () => void; done: () => void; act: Act }) {
  const t = texts.value.detail;
  const url = useSignal('');
  const problem = act.failure.value?.of('toUrl');
  return (
    <Dialog title={t.replayTo} onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void act.replay({ uid }, url.value.trim()).then((row) => {
            if (!row) return;
            done();
            close();
          });
        }}
      >
        <Field label="URL" hint={t.replayToHint} problem={problem || undefined}>
          {(props) => (
            <input {...props} type="url" required placeholder="https://" spellcheck={false} value={url} onInput={(event) => (url.value = event.currentTarget.value)} />
          )}
        </Field>
        {act.failure.value && !problem && <Failed failure={act.failure.value} />}
        <Answers close={close}>
          <button class="primary" disabled={act.busy}>
            {t.replay}
          </button>
        </Answers>
      </form>
    </Dialog>
  );
}
