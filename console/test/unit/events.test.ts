import assert from 'node:assert/strict';
import { test } from 'node:test';

Object.assign(globalThis, { sessionStorage: { getItem: () => null }, location: { pathname: '/console' } });
const { readEvents } = await import('../../src/api/client.ts');

test('events are read however the stream is cut', () => {
  const stream = ': hello\n\nevent: next\ndata: {"a":\ndata: 1}\n\nevent:complete\ndata:\r\n\r\nevent: next\n';
  const want = [{ event: 'next', data: '{"a":1}' }, { event: 'complete', data: '' }];
  assert.deepEqual(readEvents(stream), [want, 'event: next\n']);
  for (let size = 1; size < 9; size++) {
    const found = [];
    let rest = '';
    for (let at = 0; at < stream.length; at += size) {
      const [events, left] = readEvents(rest + stream.slice(at, at + size));
      found.push(...events);
      rest = left;
    }
    assert.deepEqual(found, want, `in pieces of ${size}`);
  }
});
