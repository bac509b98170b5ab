import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clock, curl, duration, formFields, fromField, prettyJSON, sentences, span, startOfDay, toField } from '../../src/parts/format.ts';

test('durations', () => {
  assert.equal(duration(212.4, 'en'), '212 ms');
  assert.equal(duration(1432, 'en'), '1.4 s');
  assert.equal(duration(1432, 'de'), '1,4 s');
  assert.equal(duration(125_000, 'en'), '2 m 5 s');
  for (const [seconds, want] of [[0, '0 s'], [59, '59 s'], [60, '1 m'], [250, '4 m 10 s'], [7200, '2 h'], [90_061, '1 d 1 h']] as const) {
    assert.equal(span(seconds), want);
  }
});

test('times are in the zone that is asked for', () => {
  assert.equal(clock('2026-07-01T12:00:05.250Z', 'Europe/London'), '13:00:05');
  assert.equal(toField('2026-07-01T23:30:00Z', 'Europe/Berlin'), '2026-07-02T01:30');
  assert.equal(toField(null, 'UTC'), '');
  assert.equal(toField('nonsense', 'UTC'), '');
});

test('what a field has is the moment that it showed', () => {
  for (const zone of ['UTC', 'Europe/London', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe']) {
    for (const at of ['2026-01-15T10:30:00.000Z', '2026-07-15T23:59:00.000Z', '2026-03-29T02:15:00.000Z', '2026-10-25T03:15:00.000Z']) {
      assert.equal(fromField(toField(at, zone), zone), at, zone);
    }
  }
  assert.equal(fromField('', 'UTC'), '');
  assert.equal(startOfDay(new Date('2026-07-01T23:30:00Z'), 'Europe/Berlin'), '2026-07-01T22:00:00.000Z');
});

test('JSON keeps the order of its keys and the spelling of its numbers', () => {
  assert.equal(prettyJSON('{"b":1.50,"a":[1,{"c":"x, {y}: \\"z\\""}],"e":[],"f":{}}'),
    '{\n  "b": 1.50,\n  "a": [\n    1,\n    {\n      "c": "x, {y}: \\"z\\""\n    }\n  ],\n  "e": [],\n  "f": {}\n}');
  assert.equal(prettyJSON('a=b'), null);
  assert.deepEqual(formFields('a=1+2&b=%26'), [['a', '1 2'], ['b', '&']]);
});

test('what the server says stands as sentences', () => {
  assert.equal(sentences('it is so', 'Is it?'), 'It is so. Is it?');
  assert.equal(sentences('ssoClientId: no account has a project'), 'ssoClientId: no account has a project.');
  assert.equal(sentences(), '');
});

test('a command for a shell has everything in quotes', () => {
  assert.equal(curl("https://a/?x='", [{ name: 'A', value: '$(b)' }], "it's"),
    "curl -i 'https://a/?x='\\''' \\\n  -H 'A: $(b)' \\\n  --data-binary 'it'\\''s'");
  assert.match(curl('https://[::1]/', [], ''), /^curl -i -g 'https:/);
});
