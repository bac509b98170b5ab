import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from './graphql-request.js';
import * as server from './server.js';
import { graphql, SetUrl, type SetUrlResult, type SetUrlVariables } from './tada.js';

test('gql.tada knows what a mutation takes and answers', async () => {
  const client = connect(server.url, server.token);
  const variables: SetUrlVariables = { input: { projectId: server.project, apiCallbackUrl: 'http://127.0.0.1:9/hook' } };
  const answer: SetUrlResult = await client.request(SetUrl, variables);
  const version: number = answer.updateProject.project.version;
  // @ts-expect-error: version is a number
  const wrong: string = answer.updateProject.project.version;
  assert.ok(version > 0, wrong);
  assert.equal(answer.updateProject.project.apiCallbackUrl, 'http://127.0.0.1:9/hook');
  // @ts-expect-error: there is no such field
  const typo: SetUrlVariables = { input: { projectId: server.project, apiCallbackURL: 'x' } };
  await assert.rejects(client.request(SetUrl, typo), /GRAPHQL_VALIDATION_FAILED/);
});

const Failed = graphql(`
  query Failed($projectId: ObjectID!, $filter: CallbackFilter) {
    getProject(id: $projectId) { name callbacks(first: 5, filter: $filter) { nodes { uid status createdAt } totalCount } }
  }
`);

const Changes = graphql(`
  subscription Changes($projectId: ObjectID!) {
    callbackChanged(input: { owner: { projectId: $projectId } }) { kind cursor callback { uid status } }
  }
`);

test('gql.tada knows what a query answers', async () => {
  const { getProject } = await connect(server.url, server.token).request(Failed, { projectId: server.project, filter: { status: ['FAILED'] } });
  assert.ok(getProject);
  const count: number = getProject.callbacks.totalCount;
  for (const callback of getProject.callbacks.nodes) {
    const status: 'PENDING' | 'RUNNING' | 'SUCCESS' | 'FAILED' = callback.status;
    // @ts-expect-error: uid is text
    const wrong: number = callback.uid;
    assert.equal(status, 'FAILED', String(wrong));
  }
  assert.ok(count >= 0);
});

test('gql.tada knows what a subscription tells', async () => {
  const { callbackChanged } = await server.first(Changes, { projectId: server.project });
  const kind: 'READY' | 'CHANGED' | 'RESYNC' = callbackChanged.kind;
  // @ts-expect-error: cursor is text
  const wrong: number = callbackChanged.cursor;
  assert.equal(kind, 'READY', String(wrong));
});
