import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterOf, orderOf, parametersOf, statusRange } from '../../src/history/filters.ts';

const of = (search: string) => filterOf(new URLSearchParams(search));

test('every filter of the API is one of the address', () => {
  assert.deepEqual(
    of(
      'status=PENDING&status=FAILED&event=TEST&cause=TIMEOUT&q=%20124&createdAfter=2026-01-01T00:00:00Z&createdBefore=2026-01-02T00:00:00Z' +
        '&finishedAfter=2026-01-01T00:00:00Z&finishedBefore=2026-01-02T00:00:00Z&nextAfter=2026-01-01T00:00:00Z&nextBefore=2026-01-02T00:00:00Z' +
        '&http=4xx&host=a.example&attempts=2&replay=false&crawl=1&run=r&job=j&ref=f&uid=u',
    ),
    {
      status: ['PENDING', 'FAILED'], event: ['TEST'], errorCode: ['TIMEOUT'], search: '124',
      createdAfter: '2026-01-01T00:00:00Z', createdBefore: '2026-01-02T00:00:00Z',
      finishedAfter: '2026-01-01T00:00:00Z', finishedBefore: '2026-01-02T00:00:00Z',
      nextAttemptAfter: '2026-01-01T00:00:00Z', nextAttemptBefore: '2026-01-02T00:00:00Z',
      httpStatusRange: { from: 400, to: 499 }, host: 'a.example', minAttempts: 2, isReplay: false, crawlId: '1', runUid: 'r', jobUuid: 'j',
      ref: 'f', uid: 'u',
    },
  );
});

test('what cannot be read narrows nothing', () => {
  assert.equal(of('status=NEW&event=&http=many&attempts=-1&replay=perhaps&createdAfter=soon&q=%20&callback=1&range=week'), undefined);
  assert.deepEqual(statusRange('503'), { from: 503, to: 503 });
  assert.deepEqual(statusRange(' 400-499 '), { from: 400, to: 499 });
  assert.equal(statusRange('6xx'), null);
});

test('the newest first is no order', () => {
  assert.equal(orderOf(new URLSearchParams('')), undefined);
  assert.deepEqual(orderOf(new URLSearchParams('order=FINISHED')), { field: 'FINISHED', direction: 'DESC' });
  assert.deepEqual(orderOf(new URLSearchParams('dir=ASC')), { field: 'CREATED', direction: 'ASC' });
});

test('a filter that an answer has is written as the address has it', () => {
  const none = Object.fromEntries(
    ('status event errorCode createdAfter createdBefore finishedAfter finishedBefore nextAttemptAfter nextAttemptBefore httpStatus httpStatusRange host uid ref ' +
      'isReplay minAttempts crawlId runUid jobUuid search').split(' ').map((name) => [name, null]),
  ) as Parameters<typeof parametersOf>[0];
  assert.deepEqual(parametersOf(none), []);
  const some = { status: ['FAILED', 'PENDING'], httpStatusRange: { from: 400, to: null }, isReplay: false, minAttempts: 2, search: '12', createdAfter: '2026-01-01T00:00:00Z' };
  const search = new URLSearchParams(parametersOf({ ...none, ...some }).flatMap(([name, values]) => values.map((value) => [name, value])));
  assert.deepEqual(filterOf(search), { ...some, httpStatusRange: { from: 400, to: 599 } });
  assert.deepEqual(parametersOf({ ...none, httpStatus: 503, crawlId: Buffer.from('N006Crawl124190').toString('base64url') }), [['http', ['503']], ['crawl', ['124190']]]);
});
