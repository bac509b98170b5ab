import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditServer } from 'graphql-http';
import * as server from './server.js';

test("graphql-http's audit of GraphQL over HTTP", async () => {
  const results = await auditServer({ url: server.url });
  assert.equal(results.length, 61);
  const below = results.filter(({ status }) => status !== 'ok');
  for (const { id, name, status } of below) console.log(`${status}: ${id} ${name}`);
  assert.deepEqual(
    below.filter(({ status }) => status !== 'notice').map(({ name }) => name),
    [],
  );
});
