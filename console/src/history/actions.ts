import { useSignal } from '@preact/signals';
import { ask } from '../api/client.ts';
import { embedded } from '../api/session.ts';
import { useAct } from '../parts/ask.ts';
import { randomKey } from '../parts/format.ts';
import { listOwnerInput, type ListOwner } from '../parts/owner.ts';
import { texts } from '../texts/texts.ts';
import { isPlatform, viewer } from '../viewer.ts';
import { cancel, replay, retry, retryAll, type Filter, type Row } from './data.ts';

/** What can be done to a callback now. Where it waits for an earlier one, that one is retried. */
export const canRetry = (row: Row): boolean => row.status === 'PENDING' && row.nextAttemptAt !== null;
export const canCancel = (row: Row): boolean => row.status === 'PENDING';
export const canReplay = (row: Row): boolean => (row.status === 'SUCCESS' || row.status === 'FAILED') && !row.replayOf && row.event !== 'TEST';

export const isNotice = (row: Row): boolean => row.event.startsWith('CALLBACK');

/** Notices are the platform's, and the partner's. */
export const mayAct = (row: Row, mayChange: boolean): boolean =>
  mayChange && (!isNotice(row) || Boolean(viewer.value?.ssoClient || isPlatform.value));

/** useActions retry, cancel and replay, and say what came of it. */
export function useActions(updated: (row: Row) => void) {
  const { busy, failure, act } = useAct();
  const done = useSignal('');
  /** Where retryAll goes on, by what it is of, when there were more than are retried at once. */
  const rest = useSignal<Record<string, string | null>>({});
  /** Within another page the foot of this one may be far out of sight: there it is said where it was asked for. */
  const at = useSignal<{ top: string; bottom: string } | undefined>(undefined);
  const begin = () => {
    done.value = '';
    if (embedded) at.value = { top: `${document.activeElement!.getBoundingClientRect().top}px`, bottom: 'auto' };
  };
  const say = (said: string) => {
    done.value = said;
    setTimeout(() => (done.value = ''), 5000);
  };
  const run = (work: () => Promise<Row>, said: string) =>
    act(async () => {
      begin();
      const row = await work();
      updated(row);
      say(said);
      return row;
    });
  const t = texts.value.actions;
  return {
    busy,
    failure,
    done,
    at,
    retry: ({ uid }: { uid: string }) => run(async () => (await ask(retry, { uid })).retryCallback.callback, t.retried),
    /** What has become of them the list is told, as of all that changes. */
    retryAll: (owner: ListOwner, filter?: Filter) =>
      act(async () => {
        begin();
        const input = { owner: listOwnerInput(owner), filter };
        const of = JSON.stringify(input);
        if (rest.value[of]) input.filter = { ...filter, createdAfter: rest.value[of] };
        const { retriedCallbacks, searchedUntil } = (await ask(retryAll, { input })).retryCallbacks;
        rest.value = { [of]: searchedUntil };
        const said = t.retriedAll(retriedCallbacks);
        if (searchedUntil) done.value = `${said} ${t.retryRest}`;
        else say(said);
      }),
    cancel: ({ uid }: { uid: string }) => run(async () => (await ask(cancel, { uid })).cancelCallback.callback, t.cancelled),
    // A key of its own for each press: where the answer is lost on the way, no second replay is made of one press.
    replay: ({ uid }: { uid: string }, toUrl?: string) =>
      run(async () => (await ask(replay, { uid, toUrl, key: randomKey() })).replayCallback.callback, t.replayed),
  };
}

export type Act = ReturnType<typeof useActions>;
