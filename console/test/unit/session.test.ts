import assert from 'node:assert/strict';
import { test } from 'node:test';

Object.assign(globalThis, { location: { pathname: '/console' }, sessionStorage: new Map() });
const { headersOf, isKey } = await import('../../src/api/session.ts');

test('whatever is no session, user key or login code is a key', () => {
  const hex = '0123456789abcdef'.repeat(4); // openssl rand -hex 32
  for (const key of [hex, 'c2VjcmV0LyE+/w==', 'rbp_x', 'rbj_x', 'rbc_x', 'rbs-x', `${hex}rbs_`]) {
    assert.ok(isKey(key), key);
    assert.deepEqual(headersOf(key), { 'x-api-key': key });
  }
  for (const other of ['rbs_x', 'rbt_x', 'rbk_x', 'rbl_x', '', 'two words', 'schlüssel']) assert.ok(!isKey(other), other);
  assert.deepEqual(headersOf('rbs_x'), { 'x-auth-token': 'rbs_x' });
  assert.deepEqual(headersOf('rbt_x'), { 'x-auth-token': 'rbt_x' });
  assert.deepEqual(headersOf(''), {});
});
