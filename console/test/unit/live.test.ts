import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Failure } from '../../src/api/failure.ts';
import { renew, watch, type Told } from '../../src/history/live.ts';

type Next = (told: Told<string>) => void;

/** A page that watches: what it was told, and each time that it has subscribed. */
function page(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const browser = new EventTarget();
  const document = Object.assign(new EventTarget(), { hidden: false });
  Object.assign(globalThis, {
    document,
    addEventListener: browser.addEventListener.bind(browser),
    removeEventListener: browser.removeEventListener.bind(browser),
  });
  const said: string[] = [];
  const begun: { after?: string; next: Next; ended: (reason?: Failure) => void; stopped: boolean }[] = [];
  const stop = watch<string>({
    follow: (after, next, ended) => {
      const one = { after, next, ended, stopped: false };
      begun.push(one);
      return () => void (one.stopped = true);
    },
    state: (is) => said.push(is),
    changed: (row) => said.push(`changed ${row}`),
    missed: () => said.push('missed'),
  });
  const take = () => said.splice(0);
  const hide = (hidden: boolean) => {
    document.hidden = hidden;
    document.dispatchEvent(new Event('visibilitychange'));
  };
  return { begun, take, stop, hide, tick: (ms: number) => t.mock.timers.tick(ms), send: (name: string) => browser.dispatchEvent(new Event(name)) };
}

const failure = (code: string) => new Failure([{ code, message: '' }]);

test('it goes on from where it was', (t) => {
  const { begun, take, tick } = page(t);
  begun[0]!.next({ kind: 'READY', cursor: 'a', callback: null });
  begun[0]!.next({ kind: 'CHANGED', cursor: 'b', callback: 'x' });
  assert.deepEqual(take(), ['connecting', 'live', 'missed', 'live', 'changed x'], 'what came before the first is read');
  begun[0]!.ended(failure('RECONNECT'));
  tick(0);
  assert.equal(begun[1]!.after, 'b');
  begun[1]!.next({ kind: 'READY', cursor: 'c', callback: null });
  assert.deepEqual(take(), ['connecting', 'connecting', 'live'], 'nothing was missed');
  begun[1]!.next({ kind: 'RESYNC', cursor: 'd', callback: null });
  assert.deepEqual(take(), ['live', 'missed']);
});

test('it waits longer each time, and comes back at once when the network does', (t) => {
  const { begun, take, tick, send } = page(t);
  begun[0]!.ended(failure('OFFLINE'));
  assert.deepEqual(take(), ['connecting', 'offline']);
  tick(499);
  assert.equal(begun.length, 1);
  tick(1);
  assert.equal(begun.length, 2);
  begun[1]!.ended(failure('OFFLINE'));
  tick(999);
  assert.equal(begun.length, 2);
  send('online');
  assert.equal(begun.length, 3);
  tick(60_000);
  assert.equal(begun.length, 3, 'it subscribes twice');
  send('offline');
  assert.ok(begun[2]!.stopped);
  begun[2]!.ended();
  tick(60_000);
  assert.equal(begun.length, 3, 'it tries without a network');
});

test('nobody looks: nothing is listened to', (t) => {
  const { begun, hide, tick } = page(t);
  begun[0]!.next({ kind: 'READY', cursor: 'a', callback: null });
  hide(true);
  assert.ok(begun[0]!.stopped);
  tick(60_000);
  assert.equal(begun.length, 1);
  hide(false);
  assert.equal(begun[1]!.after, 'a');
});

test('what cannot be mended by coming back ends it, and a cursor that is none is dropped', (t) => {
  const { begun, take, tick, stop } = page(t);
  begun[0]!.next({ kind: 'READY', cursor: 'a', callback: null });
  begun[0]!.ended(failure('BAD_USER_INPUT'));
  tick(500);
  assert.equal(begun[1]!.after, undefined);
  take();
  begun[1]!.ended(failure('ENTITY_NOT_FOUND'));
  assert.deepEqual(take(), ['ended']);
  tick(60_000);
  assert.equal(begun.length, 2);
  stop();
});

test('an answer that comes late does not make what has ended wait again', () => {
  const row = (uid: string, attempts: number, finishedAt: string | null = null) => ({ uid, attempts, finishedAt });
  const shown = [row('a', 1), row('b', 3, '2026-11-29'), row('c', 1)];
  const known = [row('a', 2), row('b', 2), row('c', 2, '2026-11-29'), row('d', 1)];
  assert.deepEqual(renew(shown, known), [known[0], shown[1], known[2]]);
  assert.deepEqual(renew([shown[1]!], [row('b', 3, '2026-11-30')]), [row('b', 3, '2026-11-30')]);
});
