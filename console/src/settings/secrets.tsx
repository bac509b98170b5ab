import { useSignal } from '@preact/signals';
import { ask } from '../api/client.ts';
import { graphql } from '../api/graphql.ts';
import { useAct, useAsk } from '../parts/ask.ts';
import { CopyButton } from '../parts/controls.tsx';
import { later } from '../parts/later.tsx';
import { Failed, Loaded } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import { texts } from '../texts/texts.ts';

const list = graphql(`query Secrets($id: ObjectID!) { getProject(id: $id) { callbackSigningSecrets { createdAt expiresAt } } }`);
const reveal = graphql(`query RevealSecrets($id: ObjectID!) { getProject(id: $id) { callbackSigningSecrets { secret } } }`);

const Rotate = later(async () => (await import('./rotate.tsx')).Rotate);

/** Secrets sign a project's callbacks; they are asked for only when somebody wants to see or copy them. */
export function Secrets({ projectId }: { projectId: string }) {
  const t = texts.value.secrets;
  const asked = useAsk(list, { id: projectId });
  const shown = useSignal<string[] | undefined>(undefined);
  const rotating = useSignal(false);
  const look = useAct();
  const secrets = async () => (await ask(reveal, { id: projectId })).getProject?.callbackSigningSecrets?.map(({ secret }) => secret) ?? [];
  return (
    <section aria-labelledby="secrets">
      <h2 id="secrets">{t.title}</h2>
      <Loaded of={asked} rows={2}>
        {({ getProject }) => (
          <>
            {getProject?.callbackSigningSecrets?.map(({ createdAt, expiresAt }, place) => (
              <div key={createdAt} class="secret">
                <code>{shown.value?.[place] ?? 'whsec_••••••••••••••••'}</code>{' '}
                <CopyButton quiet label={t.copy(place + 1)} text={async () => (await secrets())[place] ?? ''} />
                <p class="hint">
                  {expiresAt ? (
                    <>
                      {t.until} <Time at={expiresAt} whole />
                    </>
                  ) : (
                    <>
                      {t.current} <Time at={createdAt} whole />
                    </>
                  )}
                </p>
              </div>
            ))}
          </>
        )}
      </Loaded>
      {look.failure.value && <Failed failure={look.failure.value} />}
      <p class="row">
        <button
          type="button"
          aria-pressed={shown.value !== undefined}
          onClick={() =>
            shown.value
              ? (shown.value = undefined)
              : void look.act(async () => {
                  shown.value = await secrets();
                })
          }
        >
          {shown.value ? texts.value.hide : texts.value.show}
        </button>
        <button type="button" onClick={() => (rotating.value = true)}>
          {t.rotate}
        </button>
      </p>
      {rotating.value && (
        <Rotate
          projectId={projectId}
          close={() => (rotating.value = false)}
          done={() => {
            shown.value = undefined;
            asked.again();
          }}
        />
      )}
    </section>
  );
}
