import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RenameProjectMutationVariables } from '../.made/codegen/graphql.js';
import { graphql } from '../.made/codegen/gql.js';
import { failures } from './codegen.js';
import { connect } from './graphql-request.js';
import * as server from './server.js';

const Rename = graphql(`
  mutation RenameProject($input: UpdateProjectInput!) {
    updateProject(input: $input) { project { name version } }
  }
`);

const Changes = graphql(`
  subscription ProjectChanges($projectId: ObjectID!, $filter: CallbackFilter) {
    callbackChanged(input: { owner: { projectId: $projectId }, filter: $filter }) { kind cursor callback { uid status } }
  }
`);

test('graphql-codegen knows what a query answers', async () => {
  for await (const callback of failures(connect(server.url, server.token), server.project, '2020-07-09T16:25:35.000Z')) {
    const status: 'PENDING' | 'RUNNING' | 'SUCCESS' | 'FAILED' = callback.status;
    // @ts-expect-error: uid is text
    const wrong: number = callback.uid;
    assert.equal(status, 'FAILED', String(wrong));
  }
  await assert.rejects(failures(connect(server.url, server.token), '999999', '2020-07-09T16:25:35.000Z').next(), /ENTITY_NOT_FOUND/);
});

test('graphql-codegen knows what a mutation takes and answers', async () => {
  const client = connect(server.url, server.token);
  const { updateProject } = await client.request(Rename, { input: { projectId: server.project, name: 'By graphql-codegen' } });
  const name: string = updateProject.project.name;
  // @ts-expect-error: version is a number
  const wrong: string = updateProject.project.version;
  assert.equal(name, 'By graphql-codegen', wrong);
  // @ts-expect-error: there is no such field
  const typo: RenameProjectMutationVariables = { input: { projectId: server.project, nmae: 'x' } };
  await assert.rejects(client.request(Rename, typo), /GRAPHQL_VALIDATION_FAILED/);
});

test('graphql-codegen knows what a subscription tells', async () => {
  const { callbackChanged } = await server.first(Changes, { projectId: server.project, filter: { status: ['FAILED'] } });
  const kind: 'READY' | 'CHANGED' | 'RESYNC' = callbackChanged.kind;
  // @ts-expect-error: cursor is text
  const wrong: number = callbackChanged.cursor;
  assert.equal(kind, 'READY', String(wrong));
  assert.equal(callbackChanged.callback?.uid, undefined);
});
