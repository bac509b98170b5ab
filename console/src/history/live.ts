import type { Failure } from '../api/failure.ts';

/** What the server says of a change. */
export interface Told<Row> {
  kind: 'READY' | 'CHANGED' | 'RESYNC';
  cursor: string;
  callback: Row | null;
}

export type State = 'connecting' | 'live' | 'offline' | 'ended';

export interface Watcher<Row> {
  /** follow subscribes from a cursor on; it returns what ends it, and says why it has ended by itself. */
  follow: (after: string | undefined, next: (told: Told<Row>) => void, ended: (reason?: Failure) => void) => () => void;
  state: (is: State) => void;
  changed: (row: Row) => void;
  /** More has changed than was told: what is shown has to be read again. */
  missed: () => void;
}

const shortest = 500;
const longest = 30_000;
/** What another try does not mend: the session has to be begun anew, or it may not be seen. */
const final = ['UNAUTHENTICATED', 'FORBIDDEN', 'ENTITY_NOT_FOUND'];

/**
 * watch listens for as long as it is wanted and somebody looks, and goes on from where it was after each end. A page in the background
 * does not listen: a browser has few connections to a server, and pages share them.
 */
export function watch<Row>({ follow, state, changed, missed }: Watcher<Row>): () => void {
  let cursor: string | undefined;
  let wait = shortest;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let current = 0;
  let stop = () => {};
  const end = () => {
    current++;
    clearTimeout(timer);
    stop();
    stop = () => {};
  };
  const begin = () => {
    end();
    if (document.hidden) return;
    const mine = current;
    state('connecting');
    stop = follow(
      cursor,
      (told) => {
        if (mine !== current) return;
        state('live');
        wait = shortest;
        // Without a cursor to go on from, what came before is not told.
        if (told.kind === 'RESYNC' || (told.kind === 'READY' && cursor === undefined)) missed();
        cursor = told.cursor;
        if (told.kind === 'CHANGED' && told.callback) changed(told.callback);
      },
      (reason) => {
        if (mine !== current) return;
        if (reason && final.includes(reason.code)) return state('ended');
        if (reason?.code === 'BAD_USER_INPUT') cursor = undefined; // of another server, say
        state(reason?.code === 'OFFLINE' ? 'offline' : 'connecting');
        timer = setTimeout(begin, reason?.code === 'RECONNECT' ? 0 : wait);
        wait = Math.min(wait * 2, longest);
      },
    );
  };
  const offline = () => {
    end();
    state('offline');
  };
  const seen = () => (document.hidden ? end() : begin());
  addEventListener('online', begin);
  addEventListener('offline', offline);
  document.addEventListener('visibilitychange', seen);
  begin();
  return () => {
    removeEventListener('online', begin);
    removeEventListener('offline', offline);
    document.removeEventListener('visibilitychange', seen);
    end();
  };
}

/**
 * renew puts rows as they are known now in the place of those that are shown. What has ended has ended: an answer that says otherwise was given
 * before, and came later than what was told of since.
 */
export function renew<Shown extends { uid: string; finishedAt: string | null }>(rows: Shown[], known: Shown[]): Shown[] {
  const by = new Map(known.map((row) => [row.uid, row]));
  return rows.map((row) => {
    const now = by.get(row.uid);
    return now && (now.finishedAt || !row.finishedAt) ? now : row;
  });
}
