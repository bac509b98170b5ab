import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csv } from '../../src/history/csv.ts';

test('a spreadsheet takes no cell for a formula', () => {
  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '\n=1', '＝1']) {
    const line = csv([[text]]).slice(1, -2);
    assert.ok(line.startsWith("'") || line.startsWith(`"'`), JSON.stringify(line));
  }
});

test('a cell stays one cell', () => {
  assert.equal(csv([['a', null, undefined, 0, false], ['b,c', 'd"e', 'f\r\ng', 'h;i', "it's"]]),
    '\uFEFFa,,,0,false\r\n"b,c","d""e","f\r\ng","h;i",it\'s\r\n');
});
