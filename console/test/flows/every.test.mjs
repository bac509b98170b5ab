import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

test('every file of flows is in one track', () => {
  const read = (name) => readFileSync(new URL(`tracks/${name}`, import.meta.url), 'utf8');
  const tracks = readdirSync(new URL('tracks', import.meta.url)).flatMap((name) => [...read(name).matchAll(/'\.\.\/(.*)'/g)].map(([, file]) => file));
  const files = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.test.mjs'));
  assert.deepEqual(tracks.sort(), files.sort());
});
