import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gql } from '@apollo/client';
import { CombinedGraphQLErrors, ServerError } from '@apollo/client/errors';
import { connect } from './apollo.js';
import * as server from './server.js';

const client = connect(server.url, server.token);

test('Apollo Client queries', async () => {
  const { data } = await client.query<{ me: { firstName: string } }>({ query: gql(server.me) });
  assert.equal(data?.me.firstName, 'Demo');
});

test('Apollo Client mutates', async () => {
  const { data } = await client.mutate<{ updateProject: { project: { name: string } } }>({
    mutation: gql(server.rename),
    variables: { input: { projectId: server.project, name: 'By Apollo' } },
  });
  assert.equal(data?.updateProject.project.name, 'By Apollo');
});

test('Apollo Client reads errors', async () => {
  const thrown = (code: string, field?: string) => (problem: unknown) => {
    assert.ok(CombinedGraphQLErrors.is(problem), String(problem));
    assert.equal(problem.errors[0]?.extensions?.code, code);
    assert.equal(problem.errors[0]?.extensions?.field, field);
    return true;
  };
  await assert.rejects(client.query({ query: gql(server.nobody) }), thrown('ENTITY_NOT_FOUND'));
  await assert.rejects(client.mutate({ mutation: gql(server.rename), variables: { input: server.badUrl } }), thrown('BAD_USER_INPUT', 'apiCallbackUrl'));
  await assert.rejects(connect(server.url, 'rbs_wrong').query({ query: gql(server.me) }), (problem) =>
    ServerError.is(problem) ? problem.statusCode === 401 : thrown('UNAUTHENTICATED')(problem),
  );
});

test('Apollo Client subscribes', async () => {
  const kind = await new Promise((resolve, reject) => {
    const subscription = client
      .subscribe<{ callbackChanged: { kind: string } }>({ query: gql(server.changed), variables: { projectId: server.project } })
      .subscribe({
        next: ({ data, error }) => {
          if (error) reject(error);
          else resolve(data?.callbackChanged.kind);
          subscription.unsubscribe();
        },
        error: reject,
      });
  });
  assert.equal(kind, 'READY');
});
