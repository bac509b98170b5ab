import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientError } from 'graphql-request';
import { connect } from './graphql-request.js';
import * as server from './server.js';

const client = connect(server.url, server.token);

test('graphql-request queries', async () => {
  const { me } = await client.request<{ me: { firstName: string } }>(server.me);
  assert.equal(me.firstName, 'Demo');
});

test('graphql-request mutates', async () => {
  const input = { projectId: server.project, name: 'By graphql-request' };
  const { updateProject } = await client.request<{ updateProject: { project: { name: string } } }>(server.rename, { input });
  assert.equal(updateProject.project.name, 'By graphql-request');
});

test('graphql-request reads errors', async () => {
  const thrown = (code: string, field?: string) => (problem: unknown) => {
    assert.ok(problem instanceof ClientError);
    assert.equal(problem.response.errors?.[0]?.extensions?.code, code);
    assert.equal(problem.response.errors?.[0]?.extensions?.field, field);
    return true;
  };
  await assert.rejects(client.request(server.nobody), thrown('ENTITY_NOT_FOUND'));
  await assert.rejects(client.request(server.rename, { input: server.badUrl }), thrown('BAD_USER_INPUT', 'apiCallbackUrl'));
  await assert.rejects(connect(server.url, 'rbs_wrong').request(server.me), thrown('UNAUTHENTICATED'));
});
