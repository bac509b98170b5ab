import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gql } from '@urql/core';
import * as server from './server.js';
import { connect } from './urql.js';

const client = connect(server.url, server.token);

test('urql queries', async () => {
  const { data, error } = await client.query(gql`${server.me}`, {});
  assert.equal(error, undefined);
  assert.equal(data.me.firstName, 'Demo');
});

test('urql mutates', async () => {
  const { data, error } = await client.mutation(gql`${server.rename}`, { input: { projectId: server.project, name: 'By urql' } });
  assert.equal(error, undefined);
  assert.equal(data.updateProject.project.name, 'By urql');
});

test('urql reads errors', async () => {
  const unknown = await client.query(gql`${server.nobody}`, {});
  assert.equal(unknown.error?.graphQLErrors[0]?.extensions.code, 'ENTITY_NOT_FOUND');
  assert.deepEqual(unknown.error?.graphQLErrors[0]?.path, ['getProject']);
  const refused = await client.mutation(gql`${server.rename}`, { input: server.badUrl });
  assert.equal(refused.error?.graphQLErrors[0]?.extensions.code, 'BAD_USER_INPUT');
  assert.equal(refused.error?.graphQLErrors[0]?.extensions.field, 'apiCallbackUrl');
  const stranger = await connect(server.url, 'rbs_wrong').query(gql`${server.me}`, {});
  assert.equal(stranger.error?.graphQLErrors[0]?.extensions.code, 'UNAUTHENTICATED');
});

test('urql subscribes', async () => {
  const kind = await new Promise((resolve, reject) => {
    const { unsubscribe } = client.subscription(gql`${server.changed}`, { projectId: server.project }).subscribe(({ data, error }) => {
      if (error) reject(error);
      else resolve(data.callbackChanged.kind);
      setTimeout(() => unsubscribe());
    });
  });
  assert.equal(kind, 'READY');
});
