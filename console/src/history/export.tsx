import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { useAct } from '../parts/ask.ts';
import { number } from '../parts/format.ts';
import type { ListOwner } from '../parts/owner.ts';
import { Failed } from '../parts/state.tsx';
import { locale, texts } from '../texts/texts.ts';
import { csv } from './csv.ts';
import { readPage, type Filter, type Order, type Row } from './data.ts';
import { what } from './what.ts';

/** How many callbacks a file has at most, and for how many pages they are looked for. */
export const most = 10_000;
const mostPages = 200;

// The names of the API, whatever the locale is: files are read by programs, too.
const columns: [string, (row: Row) => unknown][] = [
  ['createdAt', (row) => row.createdAt],
  ['status', (row) => row.status],
  ['event', (row) => row.event],
  ['of', what],
  ['projectId', (row) => row.project?.rawID],
  ['attemptCount', (row) => row.attemptCount],
  ['httpStatus', (row) => row.httpStatus],
  ['errorCode', (row) => row.error?.code],
  ['error', (row) => row.error?.message],
  ['nextAttemptAt', (row) => row.nextAttemptAt],
  ['finishedAt', (row) => row.finishedAt],
  ['targetUrl', (row) => row.targetUrl],
  ['uid', (row) => row.uid],
  ['replayOf', (row) => row.replayOf?.uid],
];

/** Export puts the filtered history into a file, page by page, and can be stopped. */
export function Export({ owner, filter, orderBy }: { owner: ListOwner; filter?: Filter; orderBy: Order }) {
  const t = texts.value.csv;
  const read = useSignal(0);
  const said = useSignal('');
  const stopped = useRef(false);
  const { busy, failure, act } = useAct();
  useEffect(() => () => void (stopped.current = true), []);
  const run = () =>
    act(async () => {
      const rows: Row[] = [];
      let after: string | null = null;
      let more = true;
      stopped.current = false;
      said.value = '';
      for (let pages = 0; more && rows.length < most && pages < mostPages; pages++) {
        const page = await readPage(owner, { filter, orderBy, first: 100, after });
        if (stopped.current) return;
        rows.push(...page.nodes);
        read.value = rows.length;
        ({ hasNextPage: more, endCursor: after } = page.pageInfo);
      }
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([csv([columns.map(([name]) => name), ...rows.map((row) => columns.map(([, of]) => of(row)))])], { type: 'text/csv' }));
      link.download = `callbacks-${owner.kind}-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      said.value = more ? t.cut(number(rows.length, locale.value)) : t.done(number(rows.length, locale.value));
    });
  return (
    <>
      <button type="button" title={t.hint(number(most, locale.value))} onClick={() => (busy.value ? (stopped.current = true) : void run())}>
        {busy.value ? `${t.stop} · ${number(read.value, locale.value)}` : t.title}
      </button>
      <span class="whole" role="status">{said.value}</span>
      {failure.value && <div class="whole"><Failed failure={failure.value} again={() => void run()} /></div>}
    </>
  );
}
