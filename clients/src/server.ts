import { createClient } from 'graphql-sse';
import { type DocumentNode, print } from 'graphql';

// The server that the tests are run against: RINGBACK_URL, with a session token and the platform's key.
function needed(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; .ci/clients sets it`);
  return value;
}

export const url = `${needed('RINGBACK_URL')}/graphql`;
export const token = needed('RINGBACK_TOKEN');
export const key = needed('RINGBACK_KEY');
export const project = '123';

export const me = 'query Me { me { username firstName } }';
export const rename = 'mutation Rename($input: UpdateProjectInput!) { updateProject(input: $input) { project { name } } }';
export const nobody = 'query Nobody { getProject(id: 999999) { name } }';
export const badUrl = { projectId: project, apiCallbackUrl: 'nonsense' };
export const changed = `subscription Changed($projectId: ObjectID!) {
  callbackChanged(input: { owner: { projectId: $projectId } }) { kind cursor callback { uid } }
}`;

// What graphql-codegen and gql.tada both know of a document.
type Typed<Result, Variables> = DocumentNode & { __apiType?: (variables: Variables) => Result };

// The first event of a subscription whose document says what it takes and tells.
export async function first<Result extends Record<string, unknown>, Variables extends Record<string, unknown>>(
  document: Typed<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const events = createClient({ url, headers: { 'x-auth-token': token }, retryAttempts: 0 });
  for await (const { data, errors } of events.iterate<Result>({ query: print(document), variables })) {
    if (errors) throw new AggregateError(errors, errors[0]?.message);
    if (data) return data;
  }
  throw new Error('the subscription has ended before it told anything');
}
