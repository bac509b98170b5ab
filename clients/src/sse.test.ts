import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from 'graphql-sse';
import { connect } from './graphql-request.js';
import { finishCrawl } from './platform.js';
import * as server from './server.js';
import { changes } from './sse.js';
import { SetUrl } from './tada.js';

test('graphql-sse follows a callback', async () => {
  await connect(server.url, server.token).request(SetUrl, { input: { projectId: server.project, apiCallbackUrl: 'http://127.0.0.1:9/hook' } });
  let uid: string | undefined;
  for await (const change of changes(server.url, server.token, server.project)) {
    if (change.kind === 'READY') uid = await finishCrawl();
    else if (change.callback?.uid === uid && ['SUCCESS', 'FAILED', 'PENDING'].includes(change.callback?.status ?? '')) return;
  }
});

test('graphql-sse reads errors', async () => {
  await assert.rejects(changes(server.url, server.token, '999999').next(), (problem: AggregateError) => {
    assert.equal(problem.errors[0].extensions.code, 'ENTITY_NOT_FOUND');
    return true;
  });
});

test('graphql-sse queries and mutates', async () => {
  const events = createClient({ url: server.url, headers: { 'x-auth-token': server.token }, retryAttempts: 0 });
  for (const [query, variables] of [
    [server.me, {}],
    [server.rename, { input: { projectId: server.project, name: 'By graphql-sse' } }],
  ] as const) {
    for await (const { data, errors } of events.iterate({ query, variables })) {
      assert.equal(errors, undefined);
      assert.ok(data);
    }
  }
});
