import { createClient } from 'graphql-sse';

// Follows the callbacks of a project, from the last cursor on whenever the server asks to come back.
export async function* changes(url: string, token: string, projectId: string) {
  const events = createClient({ url, headers: { 'x-auth-token': token }, retryAttempts: 0 });
  const query = `subscription ($projectId: ObjectID!, $after: String) {
    callbackChanged(input: { owner: { projectId: $projectId }, after: $after }) { kind cursor callback { uid status } }
  }`;
  type Change = { kind: string; cursor: string; callback: { uid: string; status: string } | null };
  const from = (after: string | null) => events.iterate<{ callbackChanged: Change }>({ query, variables: { projectId, after } });
  for (let after: string | null = null; ; ) {
    for await (const { data, errors } of from(after)) {
      if (data?.callbackChanged) {
        after = data.callbackChanged.cursor;
        yield data.callbackChanged;
      }
      if (errors && errors[0]?.extensions?.code !== 'RECONNECT') throw new AggregateError(errors, errors[0]?.message);
    }
  }
}
