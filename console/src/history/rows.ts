import { batch, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { ask, follow } from '../api/client.ts';
import { Failure } from '../api/failure.ts';
import { renewed } from '../api/session.ts';
import type { Asked } from '../parts/ask.ts';
import { ownerInput, type ListOwner } from '../parts/owner.ts';
import { changes, readPage, rowsAgain, type Filter, type Order, type Row } from './data.ts';
import { renew, watch, type State } from './live.ts';

const pageSize = 25;
/** How long changes are gathered before it is asked which of them belong to the list. */
const gather = 400;
/** How often what cannot be followed is looked at again. */
const again = 30_000;
/** How many rows are shown at most, and how many wait to be. */
export const mostRows = 1000;
export const mostFresh = 300;

export interface Page {
  rows: Row[];
  /** What is new and waits until somebody wants to see it: the list never jumps. */
  fresh: Row[];
  more: boolean;
  total: number;
  exact: boolean;
  searchedUntil: string | null;
}

/** useRows keeps a list of callbacks: its pages, and what changes in it while it is looked at. open: the uid whose changes are counted. */
export function useRows(owner: ListOwner, filter: Filter | undefined, orderBy: Order, open: string | null, stirred: () => void) {
  const data = useSignal<Page | undefined>(undefined);
  const failure = useSignal<Failure | undefined>(undefined);
  const busy = useSignal(true);
  const live = useSignal<State>('connecting');
  const touched = useSignal(0);
  const turn = useSignal(0);
  const cursors = useRef<{ start: string | null; end: string | null }>({ start: null, end: null });
  const gathering = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const key = JSON.stringify([owner, filter, orderBy]);
  const now = useRef({ key, open });
  now.current = { key, open };

  const read = (window: Omit<Parameters<typeof readPage>[1], 'filter' | 'orderBy'>) => readPage(owner, { filter, orderBy, ...window });
  /** Does something for the list that is shown now, and nothing for one that is no longer. */
  const attempt = async (work: (alive: () => boolean) => Promise<void>) => {
    busy.value = true;
    try {
      await work(() => now.current.key === key);
      if (now.current.key === key) failure.value = undefined;
    } catch (reason) {
      if (!(reason instanceof Failure)) throw reason;
      if (now.current.key === key) failure.value = reason;
    } finally {
      if (now.current.key === key) busy.value = false;
    }
  };
  const first = () =>
    attempt(async (alive) => {
      const page = await read({ first: pageSize });
      if (!alive()) return;
      cursors.current = { start: page.pageInfo.startCursor, end: page.pageInfo.endCursor };
      data.value = {
        rows: page.nodes, fresh: [], more: page.pageInfo.hasNextPage, total: page.totalCount, exact: page.totalCountIsExact, searchedUntil: page.searchedUntil,
      };
    });
  const more = () =>
    attempt(async (alive) => {
      const page = await read({ first: pageSize, after: cursors.current.end });
      const shown = data.peek();
      if (!alive() || !shown) return;
      cursors.current.end = page.pageInfo.endCursor ?? cursors.current.end;
      data.value = { ...shown, rows: [...shown.rows, ...page.nodes].slice(0, mostRows), more: page.pageInfo.hasNextPage, searchedUntil: page.searchedUntil };
    });
  const newer = async () => {
    if (orderBy) return; // then what is new need not be in front
    if (!cursors.current.start) return data.peek() && first();
    for (let full = true; full && (data.peek()?.fresh.length ?? mostFresh) < mostFresh; ) {
      const page: Awaited<ReturnType<typeof read>> | null = await read({ last: 100, before: cursors.current.start }).catch(() => null);
      const shown = data.peek();
      if (!page?.nodes.length || !shown || now.current.key !== key) return;
      cursors.current.start = page.pageInfo.startCursor;
      const fresh = page.nodes.filter(({ uid }) => !shown.fresh.some((row) => row.uid === uid)); // of two that were asked for at once
      data.value = { ...shown, fresh: [...fresh, ...shown.fresh], total: shown.total + (shown.exact ? fresh.length : 0) };
      full = page.nodes.length === 100;
    }
  };
  const showFresh = () => {
    const shown = data.peek();
    if (!shown) return;
    if (shown.fresh.length + shown.rows.length > mostRows || shown.fresh.length >= mostFresh) return void first();
    data.value = { ...shown, rows: [...shown.fresh, ...shown.rows], fresh: [] };
  };
  /** A row that is shown stays where it is, with what is known of it now. */
  const update = (changed: Row[]) => {
    const shown = data.peek();
    if (!shown) return;
    data.value = { ...shown, rows: renew(shown.rows, changed), fresh: renew(shown.fresh, changed) };
  };
  const laterNewer = () => {
    gathering.current ??= setTimeout(() => {
      gathering.current = undefined;
      void newest.current();
    }, gather);
  };
  const newest = useRef(newer);
  newest.current = newer;

  useEffect(() => void first(), [key, turn.value, renewed.value]);
  useEffect(() => () => clearTimeout(gathering.current), []);
  const changed = (row: Row) =>
    batch(() => {
      stirred();
      if (row.uid === now.current.open) touched.value++;
      const shown = data.peek();
      if (shown && [...shown.rows, ...shown.fresh].some(({ uid }) => uid === row.uid)) update([row]);
      else laterNewer();
    });
  const missed = async () => {
    stirred();
    touched.value++;
    laterNewer();
    const ids = data.peek()?.rows.map(({ id }) => id) ?? [];
    for (let place = 0; place < ids.length; place += 100) {
      const answer = await ask(rowsAgain, { ids: ids.slice(place, place + 100) }).catch(() => null);
      if (answer) update(answer.nodes.flatMap((node) => (node?.__typename === 'Callback' ? [node as Row] : [])));
    }
  };
  const told = useRef({ changed, missed });
  told.current = { changed, missed };
  useEffect(() => {
    if (owner.kind === 'ssoClient') {
      const timer = setInterval(() => document.hidden || void told.current.missed(), again);
      return () => clearInterval(timer);
    }
    const input = { owner: ownerInput(owner) };
    return watch<Row>({
      follow: (after, next, ended) => follow(changes, { input: { ...input, after } }, ({ callbackChanged }) => next(callbackChanged), ended),
      state: (is) => (live.value = is),
      changed: (row) => told.current.changed(row),
      missed: () => void told.current.missed(),
    });
  }, [owner.kind, owner.id, renewed.value]);
  const asked: Asked<Page> = { data, failure, busy, again: () => turn.value++ };
  return { asked, more, showFresh, update, live, touched };
}
