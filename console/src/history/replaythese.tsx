import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ask } from '../api/client.ts';
import { graphql } from '../api/graphql.ts';
import { useAct, useAsk, useEvery } from '../parts/ask.ts';
import { Answers, Dialog } from '../parts/controls.tsx';
import { randomKey } from '../parts/format.ts';
import { listOwnerInput, type ListOwner } from '../parts/owner.ts';
import { Failed, Loading } from '../parts/state.tsx';
import { texts } from '../texts/dialogs.ts';
import { bulk, changes, Skipped, whole, type Bulk } from './bulk.tsx';
import type { Filter } from './data.ts';

const target = graphql(`query Target($id: ObjectID!) { getProject(id: $id) { effectiveApiCallback { url } } }`);
const webhook = graphql(`query Webhook($id: ObjectID!) { getSSOClient(id: $id) { webhookUrl } }`);
const one = graphql(`query BulkReplay($id: ObjectID!) { node(id: $id) { __typename ...Bulk } }`, [bulk]);
const begin = graphql(`mutation ReplayCallbacks($input: ReplayCallbacksInput!) { replayCallbacks(input: $input) { bulkReplay { ...Bulk } } }`, [bulk]);

/** ReplayThese counts first, says what would be sent where, and begins when that is confirmed. */
export function ReplayThese({ owner, filter, close, begun }: { owner: ListOwner; filter?: Filter; close: () => void; begun: () => void }) {
  const t = texts.value.replayThese;
  const id = useSignal<string | null>(null);
  const key = useSignal(randomKey());
  const counting = useAct();
  const beginning = useAct();
  const closed = useSignal(false);
  const input = { owner: listOwnerInput(owner), filter };
  const count = () =>
    counting.act(async () => {
      id.value = (await ask(begin, { input: { ...input, dryRun: true } })).replayCallbacks.bulkReplay.id;
      if (closed.value) leave();
    });
  const asked = useAsk(one, id.value ? { id: id.value } : null);
  const found = () => asked.data.value?.node as Bulk | null | undefined;
  const counted = found();
  const ready = counted?.status === 'FINISHED';
  /** What goes on to count is work that nobody looks at. */
  const leave = () => {
    closed.value = true;
    if (id.value && found()?.status !== 'FINISHED') ask(changes.cancel, { id: id.value }).catch(() => undefined);
  };
  useEffect(() => {
    void count();
    return leave;
  }, []);
  useEvery(500, id.value !== null && !ready, asked.again);
  const ofProject = useAsk(target, owner.kind === 'project' ? { id: owner.id } : null);
  const ofPartner = useAsk(webhook, owner.kind === 'ssoClient' ? { id: owner.id } : null);
  const to = ofProject.data.value?.getProject?.effectiveApiCallback?.url ?? ofPartner.data.value?.getSSOClient?.webhookUrl;
  const sent = counted ? counted.matched - counted.skipped : 0;
  const failure = counting.failure.value ?? asked.failure.value;
  return (
    <Dialog title={texts.value.bulk.these} onClose={close}>
      {failure && <Failed failure={failure} again={() => (counting.failure.value ? void count() : asked.again())} />}
      {!ready && !failure && <Loading rows={2} />}
      <div aria-live="polite">
        {counted && !ready && <p class="hint">{t.counting(whole(counted.matched))}</p>}
        {counted && ready && (
          <>
            <p>
              <b>{t.would(whole(sent), sent)}</b> {t.matched(whole(counted.matched))} <Skipped of={counted} />
            </p>
            <p>
              {to ? (
                <>
                  {t.to} <code>{to}</code>
                </>
              ) : (
                t.toEach
              )}
            </p>
            <p class="hint">{t.hint}</p>
          </>
        )}
      </div>
      {beginning.failure.value && <Failed failure={beginning.failure.value} />}
      <Answers close={close}>
        <button
          type="button"
          class="primary"
          disabled={!ready || sent === 0 || beginning.busy.value}
          onClick={() =>
            void beginning
              .act(() => ask(begin, { input: { ...input, dryRun: false, idempotencyKey: key.value } }))
              .then((done) => {
                if (!done) return;
                begun();
                close();
              })
          }
        >
          {t.confirm(whole(sent))}
        </button>
      </Answers>
    </Dialog>
  );
}
